import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts', 'test/support/postgres-once.ts'],
    testTimeout: 30_000,
    // Decisions are CPU work; more workers than cores only make each other slower.
    maxWorkers: 2,
  },
})
