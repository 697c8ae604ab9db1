import { createHash } from 'node:crypto'
import { htmlProse, htmlText } from '../../document/html-page.ts'
import type { Content, DescribedOperation, OpenapiDocument } from './document.ts'

export interface Page {
  readonly html: string
  /** The Content-Security-Policy that it keeps: nothing is loaded and nothing runs, its own style applies. */
  readonly policy: string
}

/** The document as a page for people. */
export function openapiPage(document: OpenapiDocument): Page {
  const { title, version, description } = document.info
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    // HEAD is GET again.
    Object.entries(methods).flatMap(([method, operation]) => (method === 'head' ? [] : [{ path, method, operation }])),
  )
  const sections = document.tags.map(({ name, description }) => {
    const inner = listed.filter(({ operation }) => operation.tags.includes(name)).map(operationHtml)
    return `<h2>${htmlText(name)}</h2>\n<p>${prose(description)}</p>\n${inner.join('\n')}`
  })
  const names = listed.map(
    ({ path, method }) => `<li><a href="#${anchor(method, path)}">${call(method, path)}</a></li>`,
  )
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `<h3 id="schema-${name}">${name}</h3>\n${json(schema)}`,
  )
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${htmlText(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${htmlText(title)}</h1>
<p>Version ${htmlText(version)}. <a href="openapi.json">The same as OpenAPI</a>.</p>
<p>${prose(description)}</p>
<nav><ul>
${names.join('\n')}
</ul></nav>
${sections.join('\n')}
<h2>Schemas</h2>
${schemas.join('\n')}
</main>
</body>
</html>
`
  const hash = createHash('sha256').update(style).digest('base64')
  return {
    html,
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function operationHtml({ path, method, operation }: { path: string; method: string; operation: DescribedOperation }) {
  const parameters = (operation.parameters ?? []).flatMap(({ name, description, required }) =>
    typeof name === 'string'
      ? [
          `<tr><td><code>${htmlText(name)}</code>${required === true ? ' (required)' : ''}</td><td>${prose(String(description))}</td></tr>`,
        ]
      : [],
  )
  const answers = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      `<tr><th scope="row">${status}</th><td>${prose(description)}${status === '200' ? contentHtml(content) : ''}</td></tr>`,
  )
  return `<section id="${anchor(method, path)}">
<h3>${call(method, path)}</h3>
<p><strong>${prose(operation.summary)}</strong> ${prose(operation.description ?? '')}</p>
${parameters.length === 0 ? '' : `<h4>Parameters</h4>\n<table>${parameters.join('\n')}</table>\n`}${
  operation.requestBody === undefined ? '' : `<h4>Body</h4>\n${contentHtml(operation.requestBody.content)}\n`
}<h4>Answers</h4>
<table>${answers.join('\n')}</table>
</section>`
}

function contentHtml(content: Content = {}): string {
  return Object.entries(content)
    .map(([type, { schema, examples }]) => {
      const shown = Object.values(examples ?? {}).map(({ value }) => json(value))
      return `<p><code>${type}</code> ${schemaHtml(schema)}</p>\n${shown.join('\n')}`
    })
    .join('\n')
}

function schemaHtml(schema: Readonly<Record<string, unknown>>): string {
  const name = typeof schema.$ref === 'string' ? schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1) : undefined
  if (name !== undefined) return `<a href="#schema-${name}">${name}</a>`
  return Object.keys(schema).length === 1 ? '' : json(schema)
}

const call = (method: string, path: string) => `<code>${method.toUpperCase()} ${htmlText(path)}</code>`
const anchor = (method: string, path: string) => `${method}${path.replaceAll(/[^a-z0-9]/g, '-')}`
const json = (value: unknown) => `<pre>${htmlText(JSON.stringify(value, null, 2))}</pre>`

/** Backticks become code, line ends stay. */
function prose(text: string): string {
  return htmlProse(text).replaceAll('\n', '<br>')
}

const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1f2328; --line: #d0d7de; --inset: #f6f8fa; --link: #0550ae }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --line: #3d444d; --inset: #151b23; --link: #79c0ff } }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
a { color: var(--link) }
section { border-top: 1px solid var(--line); margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { border-top: 1px solid var(--line); padding: .4rem .8rem .4rem 0; text-align: left; vertical-align: top; font-weight: normal }
th { width: 4rem; font-weight: bold }
h3 code { font-size: 16px }
code, pre { font: 14px/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
pre { background: var(--inset); padding: .8rem; max-height: 24rem; overflow: auto; white-space: pre-wrap }
`
