/**
 * A message that could not be delivered. The text is kept and shown to whoever manages the outbox, so it never quotes the
 * message or what a server said about it, which may quote the message: an invitation's link is a secret.
 */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  /** Whether another attempt would fail as well. */
  readonly final: boolean

  constructor(message: string, options: { readonly final: boolean }) {
    super(message)
    this.final = options.final
  }
}
