/**
 * A page that stands alone: it runs no script and loads nothing, which its own Content-Security-Policy holds it to. Light
 * or dark as the reader's system is. `body` is HTML; a table that may be larger than the screen stands in `<div
 * class="wide">`: its headers stay in sight, and on a small screen it scrolls by itself. `ownStyle` is CSS of this page
 * alone.
 */
export function htmlPage(title: string, body: string, ownStyle = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>${htmlText(title)}</title>
<style>${style}${ownStyle}</style>
</head>
<body>
<main>
<h1>${htmlText(title)}</h1>
${body}
</main>
</body>
</html>
`
}

/** Text made safe between tags and within quoted attributes. */
export function htmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The same of a name, which breaks after `_` and `:` where it does not fit, and not in the middle of a word. */
export function htmlName(text: string): string {
  return htmlText(text).replace(/[_:](?=.)/g, '$&<wbr>')
}

/** The same, with `code` between backticks. */
export function htmlProse(text: string): string {
  return htmlText(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

// Each ground keeps the contrast of WCAG AA with the text on it, in both modes.
const style = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #59636e; --ground: #fff; --raised: #f6f8fa; --line: #d0d7de; --link: #0550ae; --good: #dafbe1; --bad: #ffebe9; --noted: #fff8c5 }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9198a1; --ground: #0d1117; --raised: #161b22; --line: #3d444d; --link: #79c0ff; --good: #12361f; --bad: #4b1519; --noted: #3a2d04 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; color: var(--text); background: var(--ground) }
main { margin: 0 auto; max-width: 75rem; padding: 1rem }
a { color: var(--link) }
.wide { margin: 1rem 0 }
table { border-collapse: separate; border-spacing: 0; border: solid var(--line); border-width: 1px 0 0 1px }
th, td { border: solid var(--line); border-width: 0 1px 1px 0; padding: .2rem .6rem; text-align: left; font-weight: normal; vertical-align: top }
thead th { background: var(--raised); position: sticky; top: 0; vertical-align: bottom; z-index: 2 }
tbody th { background: var(--ground); left: 0; min-width: 8rem; overflow-wrap: break-word; position: sticky; scroll-margin-top: 5rem; z-index: 1 }
thead th:first-child { left: 0; z-index: 3 }
@media screen and (max-width: 60rem) { .wide { border-bottom: 1px solid var(--line); max-height: 90vh; overflow: auto } thead th + th { min-width: 8rem } }
tbody th, code, pre { font-family: ui-monospace, monospace; font-size: .9em }
code, li, p { overflow-wrap: anywhere }
pre { background: var(--raised); padding: .6rem; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.allow, .gains { background: var(--good) }
.deny { color: var(--quiet) }
.withheld, .loses { background: var(--bad) }
.noted { background: var(--noted) }
`
