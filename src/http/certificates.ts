import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ServerOptions } from 'node:https'
import { createSecureContext } from 'node:tls'
import { ListenError } from './bind.ts'

/** Paths of PEM files. */
export interface CertificateFiles {
  /** The certificate of this server, and after it those that lead to its issuer. */
  readonly cert: string
  readonly key: string
  /** Issuers of the certificates that callers must show; null: they need none. */
  readonly client_ca: string | null
}

/** Certificates that follow their files. */
export interface Certificates {
  /** Those in use, as a TLS server takes them. */
  readonly current: ServerOptions
  /** Whether a caller without a certificate of ours gets no connection. */
  readonly authenticateCallers: boolean
  /** Calls `use` with each later set that is whole; the result ends that. */
  follow(use: (options: ServerOptions) => void): () => void
}

/** A set that was taken, or was not and why, in one line. */
export type CertificateReport = (result: 'ok' | 'failed', reason?: string) => void

/** How often the files are looked at. Notifications of file systems miss the symbolic links that Kubernetes swaps. */
const pollMs = 1_000

/**
 * Reads certificates and goes on looking at their files.
 *
 * INVARIANT: what is in use is only ever replaced by a set of which every file is whole and the key fits the certificate.
 * A set is tried when two looks in a row found the same, so that a file that is being written is left to its writer.
 *
 * @throws ListenError when there is no such set to begin with
 */
export function watchCertificates(files: CertificateFiles, report: CertificateReport): Certificates {
  let seen = read(files)
  let tried = seen
  let current = optionsOf(files, seen)
  const followers = new Set<(options: ServerOptions) => void>()
  let timer: NodeJS.Timeout | undefined

  const look = () => {
    const before = seen
    seen = read(files)
    if (!isSame(seen, before) || isSame(seen, tried)) return
    tried = seen
    try {
      current = optionsOf(files, seen)
      for (const use of followers) use(current)
      report('ok')
    } catch (error) {
      report('failed', error instanceof Error ? error.message : String(error))
    }
  }
  return {
    get current() {
      return current
    },
    authenticateCallers: files.client_ca !== null,
    follow(use) {
      followers.add(use)
      timer ??= setInterval(look, pollMs).unref()
      return () => {
        followers.delete(use)
        if (followers.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** The texts of the files; undefined where one cannot be read. */
interface Pems {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
}

function read({ cert, key, client_ca }: CertificateFiles): Pems {
  return { cert: textOf(cert), key: textOf(key), ca: client_ca === null ? undefined : textOf(client_ca) }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function isSame(one: Pems, other: Pems): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca
}

function optionsOf(files: CertificateFiles, pems: Pems): ServerOptions {
  const isCertificate = (pem: string) => void new X509Certificate(pem)
  const options: ServerOptions = {
    cert: whole(files.cert, pems.cert, isCertificate),
    key: whole(files.key, pems.key, (pem) => void createPrivateKey(pem)),
    minVersion: 'TLSv1.2',
    // A session that was resumed would be let in by issuers that are no longer ours.
    secureOptions: constants.SSL_OP_NO_TICKET,
    // Never without its text: TLS takes an empty one for "the issuers that everybody trusts".
    ...(files.client_ca === null
      ? {}
      : { ca: whole(files.client_ca, pems.ca, isCertificate), requestCert: true, rejectUnauthorized: true }),
  }
  try {
    createSecureContext(options)
  } catch (cause) {
    throw new ListenError(`cannot use \`${files.key}\`: it is not the key of \`${files.cert}\``, { cause })
  }
  return options
}

/** The text of a file that `parse` takes. The message never quotes it: it may be a key. */
function whole(file: string, pem: string | undefined, parse: (pem: string) => void): string {
  if (pem === undefined) throw new ListenError(`cannot use \`${file}\`: it cannot be read`)
  try {
    if (!pem.trimEnd().endsWith('-----')) throw new Error('it ends within a block')
    parse(pem)
    return pem
  } catch (cause) {
    throw new ListenError(`cannot use \`${file}\`: it is not a whole PEM file`, { cause })
  }
}
