/** One combination of label values, in the order in which it is printed. */
export type Labels = Readonly<Record<string, string>>

/** The counts of one family, a row per label combination. */
export interface Counter {
  add(row: number): void
}

/** Observations of one family, a row per label combination. */
export interface Histogram {
  observe(row: number, value: number): void
}

/**
 * A Prometheus registry in which every series is declared before the first request: counting is an addition in an
 * array, text is made only on a scrape, and no label value can come from input.
 *
 * @example
 * const registry = new Registry()
 * const requests = registry.counter('requests_total', 'Requests.', [{ method: 'GET' }, { method: 'POST' }])
 * requests.add(1)
 */
export class Registry {
  readonly #families: (() => string)[] = []
  readonly #limit: number
  #series = 0

  /** `limit` bounds the number of series, buckets included. */
  constructor(limit = 400) {
    this.#limit = limit
  }

  counter(name: string, help: string, rows: readonly Labels[]): Counter {
    this.#declare(name, rows.length)
    const counts = new Float64Array(rows.length)
    const prefixes = rows.map((labels) => `${name}${labelText(labels)} `)
    this.#families.push(() => header(name, help, 'counter') + lines(prefixes, counts))
    return { add: (row) => increase(counts, row, 1) }
  }

  /** `buckets` are upper bounds in ascending order; `+Inf` is added. */
  histogram(name: string, help: string, buckets: readonly number[], rows: readonly Labels[]): Histogram {
    const width = buckets.length + 1
    this.#declare(name, rows.length * (width + 2))
    const bounds = Float64Array.from(buckets)
    const counts = new Float64Array(rows.length * width)
    const sums = new Float64Array(rows.length)
    const bucketPrefixes = rows.map((labels) =>
      [...buckets.map(String), '+Inf'].map((le) => `${name}_bucket${labelText({ ...labels, le })} `),
    )
    const suffixes = rows.map(labelText)
    this.#families.push(() => {
      let text = header(name, help, 'histogram')
      for (let row = 0; row < rows.length; row++) {
        const cumulative = counts.slice(row * width, (row + 1) * width)
        for (let bucket = 1; bucket < width; bucket++) increase(cumulative, bucket, cumulative[bucket - 1] ?? 0)
        text += lines(bucketPrefixes[row] ?? [], cumulative)
        text += `${name}_sum${suffixes[row]} ${sums[row]}\n${name}_count${suffixes[row]} ${cumulative[width - 1]}\n`
      }
      return text
    })
    return {
      observe(row, value) {
        let bucket = 0
        while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
        increase(counts, row * width + bucket, 1)
        increase(sums, row, value)
      },
    }
  }

  /** A value that is read on each scrape; undefined leaves the series out. A counter is a running total. */
  sample(name: string, help: string, type: 'gauge' | 'counter', read: () => number | undefined): void {
    this.#declare(name, 1)
    this.#families.push(() => {
      const value = read()
      return value === undefined ? '' : `${header(name, help, type)}${name} ${value}\n`
    })
  }

  /** A constant 1 whose labels are read on each scrape; undefined leaves it out. */
  info(name: string, help: string, read: () => Labels | undefined): void {
    this.#declare(name, 1)
    this.#families.push(() => {
      const labels = read()
      return labels === undefined ? '' : `${header(name, help, 'gauge')}${name}${labelText(labels)} 1\n`
    })
  }

  /** Prometheus text format 0.0.4. */
  render(): string {
    let text = ''
    for (const family of this.#families) text += family()
    return text
  }

  #declare(name: string, series: number): void {
    this.#series += series
    if (this.#series > this.#limit) {
      throw new Error(`metric \`${name}\` brings the number of series to ${this.#series}; the limit is ${this.#limit}`)
    }
  }
}

function increase(values: Float64Array, index: number, by: number): void {
  values[index] = (values[index] ?? 0) + by
}

function header(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function lines(prefixes: readonly string[], values: Float64Array): string {
  let text = ''
  for (let index = 0; index < prefixes.length; index++) text += `${prefixes[index]}${values[index]}\n`
  return text
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
