import type { RawHeaders } from './raw-headers.ts'

/** Whether a client asks for HTML and not for JSON, as browsers do. */
export function asksForPage(client: RawHeaders): boolean {
  const accept = client
    .filter((_, index) => index % 2 === 1 && client[index - 1]?.toLowerCase() === 'accept')
    .join(',')
    .toLowerCase()
  return /\btext\/html\b/.test(accept) && !/\bapplication\/(?:[a-z0-9.+-]+\+)?json\b/.test(accept)
}

/** Nothing of the page runs, loads, is framed or sent anywhere, whatever its text says. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
}

const titles: Readonly<Record<number, string>> = {
  401: 'Sign in first',
  402: 'Not on this plan',
  503: 'Not available now',
}

/** A page for the person whose request was not let through. */
export function denialPage(status: number, message: string, decisionId: string): string {
  const title = titles[status] ?? 'Not allowed'
  const reference = decisionId === '' ? '' : `<p>Reference: <code>${escaped(decisionId)}</code></p>\n`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<h1>${title}</h1>
<p>${escaped(message)}</p>
${reference}</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
