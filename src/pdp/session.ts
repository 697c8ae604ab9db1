/** A session of a member, as the console that began it registered it. */
export interface Session {
  readonly id: string
  readonly user: string
  /** What a person knows it by, such as the device. */
  readonly about: string
  /** RFC 3339: when it was registered. */
  readonly at: string
}
