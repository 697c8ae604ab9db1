/** The gateway listener's own denials, before the policy is asked: the closed set of them, each with its words. */
export const refusals = {
  no_route: 'no route of config/routes.yaml takes this method and path',
  path_ambiguous: 'the path can be read in more than one way',
  query_ambiguous: 'a query parameter that the route needs can be read in more than one way',
  header_missing: 'the gateway did not say which request it asks about',
  header_repeated: 'a header that the decision needs was sent more than once',
  header_malformed: 'a header that the decision needs is not printable ASCII',
  description_malformed: "the gateway's description of the request does not have the expected shape",
  description_cut: "the gateway's description of the request may have been cut short",
  obligation_unmet: 'the decision has an obligation that nobody behind this route carries out',
} as const

export type RefusalReason = keyof typeof refusals

/** A denial with status 403 that is not the policy's. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly reason: RefusalReason

  constructor(reason: RefusalReason, detail?: string) {
    super(detail ?? refusals[reason])
    this.reason = reason
  }
}
