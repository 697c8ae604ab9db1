/** A page that stands alone: no script, nothing loaded. `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${htmlText(title)}</title>
<style>${style}</style>
<h1>${htmlText(title)}</h1>
${body}
</html>
`
}

/** Text made safe between tags and within quoted attributes. */
export function htmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border: 1px solid #d0d7de; padding: .2rem .6rem; text-align: left; font-weight: normal }
.allow, .gains { background: #dafbe1 }
.deny { color: #6e7781 }
.withheld, .loses { background: #ffebe9 }
.noted { background: #fff8c5 }
pre { background: #f6f8fa; padding: .6rem; overflow: auto }
`
