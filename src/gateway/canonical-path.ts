/** A request target that has one reading: its path as decoded segments, and its query as it was sent. */
export interface CanonicalTarget {
  readonly segments: readonly string[]
  /** Without the `?`; empty when there is none. */
  readonly query: string
}

/** Why a target has none, in words for people. */
export interface AmbiguousPath {
  readonly fault: string
}

const longest = 8192
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The one reading of a raw request target, or what is ambiguous about it. Gateways, frameworks and file systems clean
 * paths in different ways, so whatever any of them would rewrite is refused instead of rewritten here: what is decided
 * upon is then what the upstream sees, byte for byte.
 */
export function canonicalPath(target: string): CanonicalTarget | AmbiguousPath {
  if (target.length > longest) return { fault: `the target is longer than ${longest} bytes` }
  if (!target.startsWith('/')) return { fault: 'the path does not start with a slash' }
  if (!/^[\x21-\x7e]*$/.test(target)) return { fault: 'a byte of the target is not visible ASCII' }
  if (target.includes('#')) return { fault: 'the target holds `#`' }
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  if (path.includes('//')) return { fault: 'the path holds `//`' }
  if (path.includes('\\')) return { fault: 'the path holds a backslash' }
  const segments: string[] = []
  for (const written of path.slice(1).split('/')) {
    const segment = percentDecoded(written)
    if (segment === undefined) return { fault: 'a percent escape of the path is malformed or not UTF-8' }
    const fault = faultOf(segment)
    if (fault !== undefined) return { fault }
    segments.push(segment)
  }
  return { segments, query: question < 0 ? '' : target.slice(question + 1) }
}

/** What is wrong with a decoded segment: the same character means the same, however it was written. */
function faultOf(segment: string): string | undefined {
  if (segment === '.' || segment === '..') return 'a segment of the path is `.` or `..`'
  if (/[/\\]/.test(segment)) return 'a segment of the path holds an escaped slash or backslash'
  if (segment.includes(';')) return 'a segment of the path holds `;`'
  // C1 controls too: they are what a Latin-1 reader makes of the escapes of others.
  if (/\p{Cc}/u.test(segment)) return 'a segment of the path holds a control character'
  if (/%[0-9A-Fa-f]{2}/.test(segment)) return 'a segment of the path is escaped twice'
  return undefined
}

/** The text with its escapes decoded once; undefined when one is malformed or they are not UTF-8. */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  const bytes = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
