import {
  type Decision,
  entry,
  evaluateIn,
  type ReferenceSystem,
  type ScenarioRequest,
  type TenantDocument,
} from './common.ts'
import { filerobot } from './filerobot.ts'
import { filestack } from './filestack.ts'
import { fivemanage } from './fivemanage.ts'
import { imagekit } from './imagekit.ts'
import { quantcdn } from './quantcdn.ts'

export type {
  Attributes,
  Decision,
  Member,
  Obligation,
  ScenarioRequest,
  Subject,
  TenantDocument,
} from './common.ts'

export const systems = ['filestack', 'imagekit', 'fivemanage', 'filerobot', 'quantcdn'] as const
export type SystemName = (typeof systems)[number]

const references: Readonly<Record<string, ReferenceSystem>> = { filestack, imagekit, fivemanage, filerobot, quantcdn }

const referenceOf = (system: string): ReferenceSystem => {
  const reference = entry(references, system)
  if (!reference) throw new Error(`There is no reference for the system ${system}`)
  return reference
}

/** Every action that the system knows, those of invitees and services included. */
export const actionsOf = (system: string): readonly string[] => [...referenceOf(system).actions]

export const evaluate = (document: TenantDocument, request: ScenarioRequest): Decision =>
  evaluateIn(referenceOf(document.system), document, request)
