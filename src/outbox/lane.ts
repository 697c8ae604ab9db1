/** Where deliverers, in whatever process, agree on who delivers for a tenant. */
export interface Lanes {
  /** False where another holder has it. */
  claim(tenant: string, holder: string, ms: number): Promise<boolean>
  release(tenant: string, holder: string): Promise<void>
}

export interface LaneOptions {
  readonly lanes: Lanes
  readonly tenant: string
  readonly holder: string
  /** For how long it is claimed. Whoever is killed holds others up for no longer. */
  readonly ms: number
}

/** The right to deliver a tenant's messages, which one deliverer has at a time. */
export class Lane {
  readonly #options: LaneOptions
  #claimed: { readonly at: number; readonly wall: number } | undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /**
   * Whether it is held for so much longer.
   *
   * INVARIANT: counted from before it was asked for, by the slower of what two clocks say, for one of them stands still
   * while the machine sleeps; so it never ends here after it ended for the others.
   */
  lasts(ms: number): boolean {
    if (this.#claimed === undefined) return false
    const passed = Math.max(performance.now() - this.#claimed.at, Date.now() - this.#claimed.wall)
    return passed + ms <= this.#options.ms
  }

  /** Claims it, or claims it for longer. */
  async claim(): Promise<boolean> {
    const { lanes, tenant, holder, ms } = this.#options
    const asked = { at: performance.now(), wall: Date.now() }
    const held = await lanes.claim(tenant, holder, ms)
    this.#claimed = held ? asked : undefined
    return held
  }

  async release(): Promise<void> {
    const { lanes, tenant, holder } = this.#options
    if (this.#claimed === undefined) return
    this.#claimed = undefined
    await lanes.release(tenant, holder)
  }
}
