import { change, query } from './statement.ts'
import type { Session } from './store.ts'
import type { Tables } from './tables.ts'

/** The months, `YYYY-MM`, whose actions were all carried out. Methods reject with `directory_unavailable`. */
export interface Months {
  /** Whether any month was gone through yet. */
  begun(): Promise<boolean>
  has(month: string): Promise<boolean>
  /** The month was gone through to the end. What was noted of those before it is forgotten. */
  done(month: string): Promise<void>
}

export function storedMonths(session: Session): Months {
  return {
    begun: async () => (await session.first(any, {})) !== undefined,
    has: async (month) => (await session.first(one, { month })) !== undefined,
    async done(month) {
      await session.all(add, { month })
      await session.all(forgetBefore, { month })
    },
  }
}

/** Within the transaction that carries the action out. */
export async function isFirst(session: Session, carriedOut: Tables['monthly']): Promise<boolean> {
  return (await session.first(note, { ...carriedOut })) !== undefined
}

const any = query([], (db) => db.selectFrom('month').select('month').limit(1))
const one = query(['month'], (db, { month }) => db.selectFrom('month').select('month').where('month', '=', month))
const add = change(['month'], (db, { month }) =>
  db
    .insertInto('month')
    .values({ month })
    .onConflict((conflict) => conflict.doNothing()),
)
const forgetBefore = change(['month'], (db, { month }) => db.deleteFrom('monthly').where('month', '<', month))
const note = change(['tenant', 'action', 'user', 'month'], (db, values) =>
  db
    .insertInto('monthly')
    .values(values)
    .onConflict((conflict) => conflict.doNothing())
    .returning('month'),
)
