import type { CoverageItem, CoveredTransition } from './coverage-report.ts'

/** A lifecycle row: the states its target may be in, the one it ends in, and its lines as `file:line`. */
export interface CoverageLifecycleRow {
  /** With the place of each. Empty where the row asks for none. */
  readonly from: Readonly<Record<string, string>>
  readonly to?: string
  /** The first is that of the row's name. */
  readonly lines: readonly string[]
}

type Lifecycle = Readonly<Record<string, CoverageLifecycleRow>>

/** One transition, and the item that counts it; see `CoveredTransition`. */
interface CountedTransition {
  readonly item: CoverageItem
  readonly transition: CoveredTransition
}

/**
 * Each lifecycle row once for each state that it names under `from`, and a row that names none once. Every line of the
 * row is a place of each: whatever of the row changes, a row shows anew that each state still gets through.
 */
export function transitionsOf(lifecycle: Lifecycle, reached: ReadonlySet<string>): readonly CountedTransition[] {
  return Object.entries(lifecycle).flatMap(([permission, { from, to, lines }]) => {
    const states = Object.entries(from)
    return (states.length === 0 ? [[undefined, lines[0]] as const] : states).map(
      ([state, place]): CountedTransition => {
        const transition = {
          permission,
          ...(state === undefined ? {} : { from: state }),
          ...(to === undefined ? {} : { to }),
        }
        const name = transitionName(transition)
        const isReached = reached.has(name)
        const places = [...new Set([place, ...lines])].filter((line) => line !== undefined)
        return {
          item: { kind: 'transition', name, places, reached: isReached },
          transition: { ...transition, reached: isReached },
        }
      },
    )
  })
}

/** What an allow of the permission shows of its lifecycle row, upon a target in this state. */
export function transitionShown(lifecycle: Lifecycle, permission: string, target: string | undefined): string[] {
  const row = lifecycle[permission]
  if (row === undefined) return []
  const from = Object.keys(row.from).length === 0 ? undefined : target
  return [transitionName({ permission, ...(from && { from }), ...(row.to && { to: row.to }) })]
}

/** `member:revoke active → inactive`, `member:invite → pending`, `member:resend_invite from pending`, `plan:change allowed`. */
export function transitionName({ permission, from, to }: Omit<CoveredTransition, 'reached'>): string {
  if (to !== undefined) return [permission, ...(from === undefined ? [] : [from]), '→', to].join(' ')
  return from === undefined ? `${permission} allowed` : `${permission} from ${from}`
}
