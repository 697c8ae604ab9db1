/** One question, in AuthZEN's information model, after its shape was checked. Nothing here is trusted as a fact. */
export interface DecisionRequest {
  readonly subject: {
    readonly type: string
    readonly id: string
    readonly properties?: Readonly<Record<string, unknown>>
  }
  readonly action: { readonly name: string; readonly properties?: Readonly<Record<string, unknown>> }
  readonly resource: {
    readonly type: string
    readonly id: string
    readonly properties?: Readonly<Record<string, unknown>>
  }
  readonly context?: Readonly<Record<string, unknown>>
  /** A whole tenant document, decided upon instead of a stored one. Never together with `context.tenant`. */
  readonly tenant?: Readonly<Record<string, unknown>>
}
