import type { Bundle } from '../opa/bundle.ts'
import type { BundleIndex } from './build.ts'

/** A bundle, and its archive where it came as one. */
export interface Delivery {
  readonly bundle: Bundle<BundleIndex>
  readonly archive?: Uint8Array
}

/** What a source holds now. */
export interface Offer {
  /** Differs whenever the content may. */
  readonly tag: string
  /** The folder, the file, or the URL without its query. */
  readonly from: string
  /** Rejects where what is offered must not be activated. */
  deliver(): Promise<Delivery>
}

/** Where policies come from. */
export interface PolicySource {
  readonly name: string
  /**
   * `unchanged` while the source holds what `known` names, `not_due` where it is too early to ask. Rejects where it cannot
   * be told.
   */
  look(known: string): Promise<Offer | 'unchanged' | 'not_due'>
}
