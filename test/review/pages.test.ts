import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandRun } from '../support/command-run.ts'
import { project } from '../support/policy.ts'
import { copyOf, type ProjectCopy, withCopyOf } from '../support/project-copy.ts'
import { recordedEdits } from './edits/filestack.ts'

const program = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path))
const wanted = process.env.POSTERN_TEST_REQUIRE === '1' || program !== undefined
if (!wanted) console.warn('skipped: the pages in a real browser, for chromium is not on PATH (Debian: chromium)')

/** Edits and every cell, role and permission that the page must mark, as the browser reads them. */
const marked: readonly (readonly [what: string, marks: readonly string[]])[] = [
  ['a cell that is added', ['member:list, billing: deny → allow, gains']],
  ['a cell that is removed', ['own_membership:view, developer: allow → deny, loses']],
  [
    'a cell that loses its condition',
    ['api_key:use, developer: when assigned_key → allow, gains, other reason: api_key_not_assigned → unknown_api_key'],
  ],
  [
    'a role that is added',
    [
      'auditor, new',
      'member:invite, table it looks up changed',
      'member:change_role, table it looks up changed',
      'plan:view, auditor: deny → allow, gains',
    ],
  ],
  ['a permission that is added', ['invoice:view, new', 'invoice:view, billing: deny → allow, gains']],
  [
    'another service that may ask',
    [
      'seat_limit:override, service desk gains, service support loses, table changed',
      ...['account_owner', 'developer', 'billing'].map(
        (role) =>
          `seat_limit:override, ${role}: asked by the service support → asked by the service desk, table changed`,
      ),
    ],
  ],
  [
    'an obligation that is written otherwise',
    ['promo_credit:apply, service billing other obligations: another apply_credit, rule changed'],
  ],
]

const schemes = ['light', 'dark'] as const

describe.skipIf(!wanted)('in a real browser', () => {
  let browser: Browser
  let sound: ProjectCopy
  let folder: string
  beforeAll(async () => {
    sound = copyOf('filestack')
    folder = mkdtempSync(join(tmpdir(), 'postern-pages-'))
    await sound.build()
    browser = await chromium.launch({ executablePath: program ?? 'chromium' })
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
    sound.remove()
  })

  it.each(marked)('the diff marks what changes with %s, in both modes', { timeout: 60_000 }, async (what, marks) => {
    const edit = recordedEdits.find((one) => one.what === what)
    if (edit === undefined) throw new Error(`there is no edit ${what}`)
    const html = await withCopyOf(sound, async (copy) => {
      for (const one of edit.edits) copy.edit(...one)
      return (await commandRun('diff', sound.root, copy.root, '--format', 'html')).stdout
    })
    for (const scheme of schemes) {
      const shown = await look(html, scheme)
      expect(shown).toEqual({ ...sane, marks, lines: edit.lines.map((line) => line.replaceAll('`', '')) })
    }
  })

  it.each(['coverage', 'matrix'])('the page of %s is readable in both modes', { timeout: 60_000 }, async (command) => {
    const { stdout } = await commandRun(command, '--format', 'html', '--project', project.root)
    for (const scheme of schemes) {
      const { lines: _, ...shown } = await look(stdout, scheme)
      expect(shown).toEqual({ ...sane, marks: [] })
    }
  })

  const sane = { problems: [], requests: [], scrolls: false, scrollsOnDesk: false, hidden: [], faint: [], alike: [] }

  /**
   * What the page asks for and complains of; whether it is wider than a telephone, and than a desk's screen; the tables
   * whose headers go out of sight on one of the two; texts below the contrast of WCAG AA; what is marked, and of that
   * what is on the ground of what is not.
   */
  async function look(html: string, colorScheme: (typeof schemes)[number]) {
    const file = join(folder, 'page.html')
    writeFileSync(file, html)
    const url = pathToFileURL(file).href
    const page = await browser.newPage({ colorScheme, viewport: { width: 360, height: 800 } })
    const problems: string[] = []
    const requests: string[] = []
    page.on('console', (message) => problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(url)
    const seen = (await page.evaluate(readPage)) as Pick<typeof sane, 'scrolls' | 'faint' | 'alike'> & {
      marks: string[]
      lines: string[]
    }
    const hidden = (await page.evaluate(headersOutOfSight)) as string[]
    await page.setViewportSize({ width: 1280, height: 800 })
    const scrollsOnDesk = (await page.evaluate('document.scrollingElement.scrollWidth > innerWidth')) as boolean
    hidden.push(...((await page.evaluate(headersOutOfSight)) as string[]))
    await page.close()
    return { problems, requests: requests.filter((one) => one !== url), ...seen, hidden, scrollsOnDesk }
  }
})

/** Of each table whose last row is scrolled to, whether its headers can be seen. Runs in the page. */
const headersOutOfSight = `[...document.querySelectorAll('table')].flatMap((table) => {
  table.rows[table.rows.length - 1].scrollIntoView({ block: 'end' })
  const { top, bottom } = table.tHead.rows[0].cells[0].getBoundingClientRect()
  return top >= 0 && bottom <= innerHeight ? [] : [table.textContent.slice(0, 80)]
})`

/** Runs in the page; a text, for the types here know no document. */
const readPage = `(() => {
  const words = (node) => node.textContent.trim().replace(/\\s+/g, ' ')
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number)
  const groundOf = (node) => {
    if (node === null) return [255, 255, 255]
    const [red, green, blue, alpha = 1] = channels(getComputedStyle(node).backgroundColor)
    return alpha === 0 ? groundOf(node.parentElement) : [red, green, blue]
  }
  const light = (rgb) => {
    const [red, green, blue] = rgb.map((one) => one / 255).map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const contrast = (node) => {
    const [low, high] = [light(channels(getComputedStyle(node).color).slice(0, 3)), light(groundOf(node))].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const saying = (node) => {
    const copy = node.cloneNode(true)
    const marks = [...copy.querySelectorAll('.mark')].map((mark) => { mark.remove(); return words(mark) })
    return { said: words(copy), marks }
  }
  const texts = [...document.querySelectorAll('h1, h2, p, li, a, code, pre, summary, th, td, span')].filter((node) => words(node) !== '')
  const changed = [...document.querySelectorAll('.changed')]
  const nameOf = (cell) => {
    const { said, marks } = saying(cell)
    if (cell.tagName === 'TH') return [said, ...marks].join(', ')
    const row = saying(cell.parentElement.firstElementChild).said
    const role = saying(cell.closest('table').tHead.rows[0].cells[cell.cellIndex]).said
    return row + ', ' + role + ': ' + [said, ...marks].join(', ')
  }
  const plain = [...document.querySelectorAll('td:not(.changed)')].map((cell) => String(groundOf(cell)))
  return {
    marks: changed.map(nameOf),
    lines: [...document.querySelectorAll('main > ul:first-of-type > li')].map(words),
    scrolls: document.scrollingElement.scrollWidth > innerWidth,
    faint: texts.filter((node) => contrast(node) < 4.5).map((node) => node.outerHTML),
    alike: changed.filter((cell) => plain.includes(String(groundOf(cell)))).map(nameOf),
  }
})()`
