import { LineCounter } from 'yaml'
import { type Finding, MAX_FINDINGS } from './finding.ts'

/** Beyond the token limit of any real file; even a file of this size that is one long line is refused in time. */
export const MAX_BYTES = 2 * 1024 * 1024
const MAX_LINES = 50_000

/**
 * Characters that make a reviewer read another text than the parser: controls, line breaks that only some programs
 * see (a lone CR, NEL, LS, PS), overrides of the writing direction, a byte order mark inside.
 */
const MISLEADING = /(?![\t\n\r])\p{Cc}|\r(?!\n)|[\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu

/** The text of the bytes, a leading byte order mark taken off, or what stands before the first that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): { readonly text: string } | { readonly before: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    let valid = 0
    let invalid = bytes.length
    while (invalid - valid > 1) {
      const middle = (valid + invalid) >> 1
      if (decodeStart(bytes.subarray(0, middle)) !== undefined) valid = middle
      else invalid = middle
    }
    return { before: decodeStart(bytes.subarray(0, valid)) ?? '' }
  }
}

/** Undefined when it is not UTF-8; the bytes of an incomplete last character are left out. */
function decodeStart(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

/** The lines of the text. A text with too many is counted up to the limit, and that is a finding. */
export function countLines(text: string, findings: Finding[]): LineCounter {
  const lines = new LineCounter()
  let start = 0
  while (lines.lineStarts.length < MAX_LINES) {
    lines.addNewLine(start)
    start = text.indexOf('\n', start) + 1
    if (start === 0) return lines
  }
  const offset = lines.lineStarts.at(-1) ?? 0
  findings.push({ offset, message: `more than ${MAX_LINES} lines`, remedy: 'split the file' })
  return lines
}

/**
 * The text with each misleading character replaced by one of the same length that is only text, so that reading can go
 * on and find the other problems; each is a finding.
 */
export function replaceMisleading(text: string, findings: Finding[]): string {
  const clean: string[] = []
  let end = 0
  for (const { 0: char, index: offset } of text.matchAll(MISLEADING)) {
    if (findings.length > MAX_FINDINGS) break
    const code = (char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
    findings.push({
      offset,
      message: `the character U+${code.toUpperCase()} does not show`,
      remedy: remedyFor(char, code),
    })
    clean.push(text.slice(end, offset), char === '\r' ? '\n' : '\ufffd')
    end = offset + char.length
  }
  return clean.length === 0 ? text : clean.join('') + text.slice(end)
}

function remedyFor(char: string, code: string): string {
  if (char === '\r') return 'end lines with LF or CRLF'
  return /\p{Cs}/u.test(char) ? 'remove it' : `remove it, or write "\\u${code}" in double quotes`
}
