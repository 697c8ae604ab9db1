import { Refusal } from './refusals.ts'

/**
 * The URI in the client's certificate as Envoy's header `X-Forwarded-Client-Cert` has it; undefined when it has none.
 * Envoy writes it anew (`SANITIZE_SET`), with a key for each part of the certificate that it was told to pass on.
 *
 * @throws Refusal when more than one certificate or URI stands there, which a gateway that writes it anew never sends
 */
export function certificateUri(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined
  const parts: string[] = []
  // A value in double quotes may hold the separators; `,` outside of them starts the certificate of another hop.
  let rest = header
  while (rest !== '') {
    const part = /^([A-Za-z]+=(?:"(?:[^"\\]|\\.)*"|[^",;]*))(;|$)/.exec(rest)
    if (part === null) throw new Refusal('header_malformed', '`X-Forwarded-Client-Cert` is not of one certificate')
    parts.push(part[1] as string)
    rest = rest.slice(part[0].length)
  }
  const uris = parts.flatMap((part) => (/^URI=/i.test(part) ? [part.slice('URI='.length)] : []))
  if (uris.length > 1) throw new Refusal('header_repeated', '`X-Forwarded-Client-Cert` has more than one URI')
  return uris[0] === '' ? undefined : uris[0]
}
