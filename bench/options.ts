import { parseArgs } from 'node:util'

export interface Options {
  readonly name: string
  readonly rounds: number
  readonly seconds: number
  readonly warmup: number
  readonly connections: number
  readonly serverCore: number
  readonly loadCore: number
  /** Names of optional contenders to add. */
  readonly with: readonly string[]
  /** Words of which one must be in a contender's name; empty for all. */
  readonly only: readonly string[]
  readonly out: string
  readonly idle: boolean
  /** As typed after the script. */
  readonly commandLine: string
}

const help = (script: string, name: string) => `npm run ${script} -- [options]

  --rounds N         rounds, each with every contender once (5)
  --seconds N        length of a measurement (5)
  --warmup N         seconds of load before the first round (5)
  --connections N    keep-alive connections (16)
  --server-core N    core of the servers (0)
  --load-core N      core of the load generator (1)
  --only A,B         contenders whose name holds one of the words, besides node:http
  --with A,B         optional contenders: openfga
  --name NAME        files are <out>/NAME.md, NAME.svg, raw/NAME.json (${name})
  --out FOLDER       where results go (bench/results)
  --idle             only start the servers and measure what they use at rest
`

/** Reads the command line; prints help or what is wrong with it and ends the process where there is nothing to run. */
export const readOptions = (script: string, defaultName: string): Options => {
  try {
    const argv = process.argv.slice(2)
    const { values } = parseArgs({
      args: argv,
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '5' },
        warmup: { type: 'string', default: '5' },
        connections: { type: 'string', default: '16' },
        'server-core': { type: 'string', default: '0' },
        'load-core': { type: 'string', default: '1' },
        only: { type: 'string', default: '' },
        with: { type: 'string', default: '' },
        name: { type: 'string', default: defaultName },
        out: { type: 'string', default: 'bench/results' },
        idle: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(help(script, defaultName))
      process.exit(0)
    }
    if (!/^[\w.-]+$/.test(values.name)) throw new Error('`--name` takes letters, digits, `.`, `_` and `-`')
    return {
      name: values.name,
      rounds: count('rounds', values.rounds, 1),
      seconds: positive('seconds', values.seconds),
      warmup: positive('warmup', values.warmup),
      connections: count('connections', values.connections, 1),
      serverCore: count('server-core', values['server-core'], 0),
      loadCore: count('load-core', values['load-core'], 0),
      only: words(values.only),
      with: words(values.with),
      out: values.out,
      idle: values.idle,
      commandLine: [`npm run ${script}`, ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help(script, defaultName)}`)
    process.exit(2)
  }
}

const words = (text: string): readonly string[] => text.split(',').filter((word) => word !== '')

const positive = (option: string, text: string): number => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`\`--${option}\` takes a number greater than 0, not \`${text}\``)
  return value
}

const count = (option: string, text: string, least: number): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`\`--${option}\` takes a whole number from ${least}, not \`${text}\``)
  }
  return value
}
