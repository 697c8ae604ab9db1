import { readFileSync } from 'node:fs'
import { BundleError } from '../opa/bundle.ts'
import type { BundleStore } from './bundle-store.ts'
import { openArchive } from './http-source.ts'
import type { Delivery, PolicySource } from './policy-source.ts'

/**
 * A source whose content gives way to a pinned bundle for as long as there is one; when it is released, whatever the
 * source holds then is offered, as if nothing had been known of it.
 */
export function pinnedSource(
  source: PolicySource,
  store: Pick<BundleStore, 'pin' | 'pinned'>,
  options: Parameters<typeof openArchive>[1],
): PolicySource {
  return {
    name: source.name,
    async look(known) {
      const pin = store.pin()
      if (pin === known) return 'unchanged'
      if (pin !== undefined) return { tag: pin, from: store.pinned, deliver: () => openFile(store.pinned, options) }
      // The tag of a pin is none that the source gave, so that what it holds is news to it.
      return source.look(known)
    },
  }
}

/** The bundle in a file, verified as one from a server is. Rejects with a `BundleError` that names the file. */
export async function openFile(file: string, options: Parameters<typeof openArchive>[1]): Promise<Delivery> {
  try {
    const archive = readFileSync(file)
    return { archive, bundle: await openArchive(archive, options) }
  } catch (error) {
    throw new BundleError(`${file}: ${(error as Error).message}`, { cause: error })
  }
}
