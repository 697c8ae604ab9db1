/**
 * How this folder tells what takes long. `note` is one line that somebody should read in any case; the others describe
 * work under way and may be dropped, as they are in a pipe. `src/cli/progress.ts` shows it on a terminal.
 */
export interface Progress {
  note(message: string): void
  start(label: string): void
  tick(detail: string): void
  done(): void
}

/** Says nothing: for tests, and for callers that have nobody to tell. */
export const silentProgress: Progress = Object.freeze({ note() {}, start() {}, tick() {}, done() {} })
