import type { SystemName } from '../reference/evaluate.ts'
import { filerobotCases, filerobotTable } from './filerobot.ts'
import { filestackCases, filestackTable } from './filestack.ts'
import { fivemanageCases, fivemanageTable } from './fivemanage.ts'
import { imagekitCases, imagekitTable } from './imagekit.ts'
import { quantcdnCases, quantcdnTable } from './quantcdn.ts'
import type { MatrixCase, MatrixTable } from './table.ts'

export type { MatrixCase, MatrixTable } from './table.ts'

const cases: Readonly<Record<SystemName, () => readonly MatrixCase[]>> = {
  filestack: filestackCases,
  imagekit: imagekitCases,
  fivemanage: fivemanageCases,
  filerobot: filerobotCases,
  quantcdn: quantcdnCases,
}

const tables: Readonly<Record<SystemName, MatrixTable>> = {
  filestack: filestackTable,
  imagekit: imagekitTable,
  fivemanage: fivemanageTable,
  filerobot: filerobotTable,
  quantcdn: quantcdnTable,
}

/** Every role × permission cell of the system: once, or twice where a condition decides. */
export const matrixCases = (system: SystemName): readonly MatrixCase[] => cases[system]()

export const matrixTable = (system: SystemName): MatrixTable => tables[system]
