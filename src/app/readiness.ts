export interface Readiness {
  ready(): boolean
  checks(): readonly { readonly name: string; readonly ok: boolean }[]
  /** From now on not ready, for good. */
  startDraining(): void
}

/**
 * Ready when every named condition holds and the process is not stopping.
 *
 * @example
 * const readiness = createReadiness({ policy: () => evaluator !== undefined })
 */
export function createReadiness(conditions: Readonly<Record<string, () => boolean>>): Readiness {
  const named = Object.entries(conditions)
  let draining = false
  return {
    ready: () => !draining && named.every(([, holds]) => holds()),
    checks: () => [...named.map(([name, holds]) => ({ name, ok: holds() })), { name: 'not_draining', ok: !draining }],
    startDraining() {
      draining = true
    },
  }
}
