/** One obligation that is to leave the process. Times are milliseconds since 1970. */
export interface Message {
  /** The same in every attempt: receivers know a message by it that reaches them twice. */
  readonly id: string
  readonly tenant: string
  readonly channel: string
  /** The obligation's type; its other parameters are in `body`, a JSON object. */
  readonly type: string
  readonly body: string
  /** The address; null for a webhook. */
  readonly recipient: string | null
  /** The secret of the recipient's invitation, and when that runs out. */
  readonly secret: string | null
  readonly expires: number | null
  readonly created: number
  /** How often it was tried. */
  readonly attempts: number
  /** When it is to be tried. */
  readonly due: number
}

/** A way out. `send` settles within seconds and rejects with a `DeliveryError`. */
export interface Channel {
  send(message: Message): Promise<void>
}
