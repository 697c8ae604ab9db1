/** A problem while its file is being read: its place is still an offset into the text. */
export interface Finding {
  readonly offset: number
  readonly message: string
  readonly remedy?: string
  readonly pointer?: string
}

/** How many problems of one file are listed: reading stops there, so that a flood of errors costs no more than a few. */
export const MAX_FINDINGS = 100
