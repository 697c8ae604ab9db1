/** `POSTERN_TEST_FULL=1`, which `npm run test:consistency` sets, takes minutes where the size of CI takes seconds. */
const full = process.env.POSTERN_TEST_FULL !== undefined

export const size = full
  ? { sidecars: 6, revokes: 2_000, faults: 300, seatRounds: 200, histories: 200, changes: 1_000_000 }
  : // More changes than a server goes through one by one.
    { sidecars: 4, revokes: 60, faults: 24, seatRounds: 5, histories: 20, changes: 20_000 }

/** For a test whose work grows with the size. */
export const testTimeout = full ? 3_600_000 : 120_000
