import type { Bundle } from '../opa/bundle.ts'
import type { BundleIndex } from './build.ts'

/** What a source holds now. */
export interface Offer {
  /** Differs whenever the content may. */
  readonly tag: string
  /** Rejects where what is offered must not be activated. */
  bundle(): Promise<Bundle<BundleIndex>>
}

/** Where policies come from. */
export interface PolicySource {
  /** A folder, or a URL without its credentials. */
  readonly name: string
  /** Milliseconds from one look to the next, after so many failures in a row. */
  wait(failures: number): number
  /** Undefined while the source holds what `known` names. Rejects where that cannot be told. */
  look(known: string): Promise<Offer | undefined>
}
