import type { Problem } from '../document/problem.ts'
import type { YamlDocument } from '../document/yaml-document.ts'
import type { ReasonsFile } from './system-files.ts'

/** Every reason of one system: the shared ones, then those that the system adds. */
export interface Reasons {
  readonly allows: ReadonlySet<string>
  readonly messages: ReadonlyMap<string, string>
  readonly obligations: ReadonlySet<string>
  /** Where the reason stands in the order of its stage; undefined if the stage never gives it. */
  rank(stage: string, reason: string): number | undefined
  isRefusal(reason: string): boolean
}

/** Joins the files of reasons. A reason without a message, or listed twice in a stage, is a problem. */
export function joinReasons(files: readonly YamlDocument<ReasonsFile>[], problems: Problem[]): Reasons {
  const allows = new Set<string>()
  const messages = new Map<string, string>()
  const obligations = new Set<string>()
  const ranks = new Map<string, Map<string, number>>()
  for (const document of files) {
    const { value } = document
    for (const [reason, message] of Object.entries(value.allows ?? {})) {
      allows.add(reason)
      messages.set(reason, message)
    }
    for (const [reason, message] of Object.entries(value.messages ?? {})) messages.set(reason, message)
    for (const type of value.obligations ?? []) obligations.add(type)
    for (const [stage, reasons] of Object.entries(value.refusals ?? {})) {
      const ofStage = ranks.get(stage) ?? new Map<string, number>()
      ranks.set(stage, ofStage)
      for (const [index, reason] of reasons.entries()) {
        const path = ['refusals', stage, index]
        if (ofStage.has(reason))
          problems.push(problemAt(document, path, `\`${reason}\` is listed twice in stage \`${stage}\``))
        else ofStage.set(reason, ofStage.size)
      }
    }
  }
  for (const document of files) {
    for (const [stage, reasons] of Object.entries(document.value.refusals ?? {})) {
      for (const [index, reason] of reasons.entries()) {
        if (!messages.has(reason))
          problems.push(problemAt(document, ['refusals', stage, index], `\`${reason}\` has no message`))
      }
    }
  }
  return {
    allows,
    messages,
    obligations,
    rank: (stage, reason) => ranks.get(stage)?.get(reason),
    isRefusal: (reason) => [...ranks.values()].some((ofStage) => ofStage.has(reason)),
  }
}

/** A problem at the value that a path of the document leads to. */
export function problemAt(
  document: YamlDocument<unknown>,
  path: readonly (string | number)[],
  message: string,
  remedy?: string,
): Problem {
  return { file: document.file, ...document.place(path), message, ...(remedy === undefined ? {} : { remedy }) }
}

/** The same at the key that the path ends in. */
export function problemAtKey(
  document: YamlDocument<unknown>,
  path: readonly (string | number)[],
  message: string,
  remedy?: string,
): Problem {
  return { file: document.file, ...document.keyPlace(path), message, ...(remedy === undefined ? {} : { remedy }) }
}
