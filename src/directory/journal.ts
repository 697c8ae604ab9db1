/** What a write transaction on one tenant keeps beside its document. */
export interface Journal {
  /** What the request of this key was answered; undefined for a key that was not used, or long ago. */
  answered(key: string): KeptAnswer | undefined
  keepAnswer(key: string, answer: KeptAnswer): void
  /** The user whose invitation has this digest and has not run out. */
  invitee(digest: string): string | undefined
  /** Takes the place of the user's earlier invitation. `expires` in milliseconds since 1970. */
  invite(user: string, digest: string, expires: number): void
  withdrawInvitation(user: string): void
}

export interface KeptAnswer {
  /** Of the request, so that another one under the same key is found out. */
  readonly digest: string
  /** The body of the answer, without secrets. */
  readonly body: string
}
