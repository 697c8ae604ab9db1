/** A bar chart as SVG text, without a library. */

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands at the end of the bar, such as `47 µs · 1.00 ×`. */
  readonly text: string
  readonly kind: 'yardstick' | 'ours' | 'peer'
}

export interface Panel {
  readonly title: string
  readonly hint: string
  readonly bars: readonly Bar[]
}

export interface Chart {
  readonly title: string
  readonly panels: readonly Panel[]
  /** Lines below the panels. */
  readonly footer: readonly string[]
}

const colours: Readonly<Record<Bar['kind'], string>> = { yardstick: '#8a929c', ours: '#1f6f8b', peer: '#d08c3c' }

const width = 860
const labels = 210
const values = 150
const rowHeight = 30
const barHeight = 18
const margin = 24

/** Horizontal bars, each panel on its own scale from zero; readable in light and dark pages, for it brings its ground. */
export const drawChart = ({ title, panels, footer }: Chart): string => {
  const parts: string[] = [text(margin, 38, title, 'title')]
  let y = 62
  for (const panel of panels) {
    parts.push(text(margin, y + 16, panel.title, 'panel'), text(width - margin, y + 16, panel.hint, 'hint', 'end'))
    y += 30
    const longest = Math.max(...panel.bars.map((bar) => bar.value))
    for (const bar of panel.bars) {
      const length = Math.max(1, (bar.value / longest) * (width - 2 * margin - labels - values))
      const left = margin + labels
      const middle = y + rowHeight / 2
      parts.push(
        text(left - 10, middle + 4.5, bar.label, 'label', 'end'),
        `<rect x="${left}" y="${middle - barHeight / 2}" width="${length.toFixed(1)}" height="${barHeight}" rx="2" fill="${colours[bar.kind]}"/>`,
        text(left + length + 8, middle + 4.5, bar.text, 'value'),
      )
      y += rowHeight
    }
    parts.push(
      `<line x1="${margin + labels}" y1="${y - panel.bars.length * rowHeight}" x2="${margin + labels}" y2="${y}" stroke="#5a6470"/>`,
    )
    y += 22
  }
  for (const line of footer) {
    parts.push(text(margin, y, line, 'hint'))
    y += 17
  }
  const height = y + 4
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",Helvetica,Arial,sans-serif;fill:#1d2329}.title{font-size:19px;font-weight:600}.panel{font-size:14px;font-weight:600}.hint{font-size:12px;fill:#5a6470}.label,.value{font-size:13px}</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`
}

const text = (x: number, y: number, content: string, style: string, anchor: 'start' | 'end' = 'start'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${style}"${anchor === 'end' ? ' text-anchor="end"' : ''}>${escapeXml(content)}</text>`

const escapeXml = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
