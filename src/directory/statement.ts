import {
  type Compilable,
  type DialectAdapter,
  DummyDriver,
  type InferResult,
  Kysely,
  type QueryCompiler,
  SqliteIntrospector,
} from 'kysely'
import { PosternError } from '../pdp/errors.ts'
import { isStorable } from './storable.ts'
import type { Tables } from './tables.ts'

export type Value = string | number | null
export type Values<Name extends string> = Readonly<Record<Name, Value>>

/** A query or a change, written once for every store, to be run with the values of its parameters. */
export interface Statement<Name extends string, Row> {
  /** Counts the statements of the process, so that stores can index what they prepared. */
  readonly id: number
  readonly names: readonly Name[]
  /** Whether its texts are stored, or only looked for. */
  readonly stores: boolean
  compile(builder: Kysely<Tables>): Compiled
  /** There is none: it names the type of the rows. */
  readonly row?: Row
}

export interface Compiled {
  readonly sql: string
  /** The parameters of the SQL, in its order. */
  bind(values: Readonly<Record<string, Value>>): Value[]
}

type Build<Name extends string, Q> = (db: Kysely<Tables>, parameter: Readonly<Record<Name, never>>) => Q

/** A look-up. `parameter` stands in it for a value that each run brings. */
export function query<const Name extends string, Q extends Compilable<unknown>>(
  names: readonly Name[],
  build: Build<Name, Q>,
): Statement<Name, InferResult<Q>[number]> {
  return statement(names, build, false)
}

/** A statement that writes. */
export function change<const Name extends string, Q extends Compilable<unknown>>(
  names: readonly Name[],
  build: Build<Name, Q>,
): Statement<Name, InferResult<Q>[number]> {
  return statement(names, build, true)
}

let statements = 0

function statement<Name extends string, Row>(
  names: readonly Name[],
  build: Build<Name, Compilable<unknown>>,
  stores: boolean,
): Statement<Name, Row> {
  const placeholders = Object.fromEntries(names.map((name) => [name, new Parameter(name)])) as Record<Name, never>
  return {
    id: statements++,
    names,
    stores,
    compile(builder) {
      const { sql, parameters } = build(builder, placeholders).compile()
      return {
        sql,
        bind: (values) => parameters.map((value) => (value instanceof Parameter ? values[value.name] : value) as Value),
      }
    },
  }
}

class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Builds queries in the SQL of one dialect; Kysely runs none of them. */
export function builderOf(createAdapter: () => DialectAdapter, createQueryCompiler: () => QueryCompiler) {
  return new Kysely<Tables>({
    dialect: {
      createAdapter,
      createQueryCompiler,
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
    },
  })
}

/**
 * Whether a statement may be run with these values. Nothing is stored under a text that no store would give back, and a
 * look-up for one would find its look-alike: it is not run. Throws `not_well_formed` where the text is to be stored.
 */
export function isRunnable({ stores }: Pick<Statement<string, unknown>, 'stores'>, values: readonly Value[]): boolean {
  if (values.every((value) => typeof value !== 'string' || isStorable(value))) return true
  if (!stores) return false
  throw new PosternError('not_well_formed', 'a name to be stored holds U+0000 or a lone surrogate')
}
