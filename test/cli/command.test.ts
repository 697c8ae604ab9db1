import { describe, expect, it } from 'vitest'
import { type Args, CommandError, defineCommand, type ExitCode, type Io } from '../../src/cli/command.ts'
import type { CommandEntry } from '../../src/cli/help.ts'
import { runCli, version } from '../../src/cli/run-cli.ts'

async function run(argv: string[], outcome: (args: Args) => Promise<ExitCode> = async () => 0, color = false) {
  let received: Args | undefined
  let loaded = 0
  const check = defineCommand({
    name: 'check',
    summary: 'check the policy',
    usage: '[options] <folder>',
    options: {
      out: { type: 'string', short: 'o', value: 'file', description: 'where to write' },
      force: { type: 'boolean', short: 'f', description: 'overwrite' },
      set: { type: 'string', multiple: true, value: 'k=v', description: 'a value' },
    },
    positionals: { least: 1, most: 2 },
    examples: [{ line: 'postern check config', does: 'check the files here' }],
    exits: { 1: 'a rule is wrong' },
    async run(args) {
      received = args
      return outcome(args)
    },
  })
  const entries: CommandEntry[] = [
    {
      name: 'check',
      summary: check.summary,
      load: async () => {
        loaded++
        return check
      },
    },
    { name: 'serve', summary: 'serve decisions', load: () => Promise.reject(new Error('not loaded for others')) },
  ]
  const written = { stdout: '', stderr: '' }
  const output = (stream: 'stdout' | 'stderr') => ({
    write(text: string) {
      written[stream] += text
    },
    terminal: color,
    color,
  })
  const io: Io = { stdout: output('stdout'), stderr: output('stderr'), env: {} }
  const code = await runCli(argv, entries, io)
  return { code, ...written, received, loaded }
}

describe('a command line', () => {
  it('reaches its command with values and arguments', async () => {
    const { code, received, stdout, stderr } = await run([
      'check',
      '-f',
      '--out',
      'a.json',
      '--set',
      'a=1',
      'dir',
      '--set=b=2',
      '--',
      '--x',
    ])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    expect({ ...received?.values }).toEqual({ force: true, out: 'a.json', set: ['a=1', 'b=2'] })
    expect(received?.positionals).toEqual(['dir', '--x'])
  })

  it.each([[0], [1], [2]] as const)('hands on exit code %i', async (code) => {
    expect((await run(['check', 'dir'], async () => code)).code).toBe(code)
  })

  it('prints what is wrong and what to do on stderr, and ends with 2', async () => {
    const { code, stdout, stderr } = await run(['check', 'dir'], async () => {
      throw new CommandError('cannot read `dir`', 'give another folder')
    })
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'postern: cannot read `dir`\ngive another folder\n',
    })
  })

  it('lets through what nobody expected', async () => {
    await expect(run(['check', 'dir'], () => Promise.reject(new TypeError('defect')))).rejects.toThrow('defect')
  })

  it.each([
    [[], 'a command is missing'],
    [['chekc'], 'unknown command `chekc`; did you mean `check`'],
    [['sevre'], 'unknown command `sevre`; did you mean `serve`'],
    [['quantum'], 'unknown command `quantum`'],
    [['constructor'], 'unknown command `constructor`'],
    [['--hlep'], 'unknown option `--hlep`; did you mean `--help`'],
    [['-x'], 'unknown option `-x`'],
    [['check', 'dir', '--ouf', 'x'], 'unknown option `--ouf`; did you mean `--out`'],
    [['check', 'dir', '--zebra'], 'unknown option `--zebra`'],
    [['check', 'dir', '--constructor'], 'unknown option `--constructor`'],
    [['check', 'dir', '-fz'], 'unknown option `-z`'],
    [['check', 'dir', '--out'], 'option `--out` needs a value'],
    [['check', 'dir', '--out', '--force'], 'option `--out` needs a value'],
    [['check', 'dir', '--force=yes'], 'option `--force` takes no value'],
    [['check'], '`postern check` needs an argument'],
    [['check', 'a', 'b', 'c'], 'unexpected argument `c`'],
  ])('that is wrong ends with 2 and one line: %j', async (argv, message) => {
    const { code, stdout, stderr, received } = await run(argv)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.split('\n')[0]).toBe(`postern: ${message}`)
    expect(stderr.split('\n')[1]).toMatch(/^see `postern (check )?--help`$/)
    expect(received).toBeUndefined()
  })

  it('takes a value that looks like a flag when it is written as one', async () => {
    expect((await run(['check', 'dir', '--out=--force'])).received?.values).toMatchObject({ out: '--force' })
    expect((await run(['check', 'dir', '--out', '-'])).received?.values).toMatchObject({ out: '-' })
  })
})

describe('help', () => {
  it('of the whole lists commands and exit codes on stdout, and loads no command', async () => {
    for (const flag of ['--help', '-h']) {
      const { code, stdout, stderr, loaded } = await run([flag])
      expect([code, stderr, loaded]).toEqual([0, '', 0])
      expect(stdout).toMatch(/^ {2}check {2}check the policy$/m)
      expect(stdout).toMatch(/^ {2}serve {2}serve decisions$/m)
      expect(stdout).toMatch(
        /^exit codes\n {2}0 {2}done\n {2}1 {2}the answer is negative.*\n {2}2 {2}not carried out.*$/m,
      )
      expect(stdout).toContain('NO_COLOR')
    }
  })

  it('of a command is made from its definition, wherever the flag stands', async () => {
    for (const argv of [
      ['check', '--help'],
      ['check', '--nonsense', '-h'],
    ]) {
      const { code, stdout, received } = await run(argv)
      expect([code, received]).toEqual([0, undefined])
      expect(stdout).toBe(
        [
          'postern check: check the policy',
          '',
          'usage',
          '  postern check [options] <folder>',
          '',
          'options',
          '  -o, --out <file>   where to write',
          '  -f, --force        overwrite',
          '      --set <k=v> …  a value',
          '  -h, --help         this text',
          '',
          'examples',
          '  # check the files here',
          '  postern check config',
          '',
          'exit codes',
          '  0  done',
          '  1  a rule is wrong',
          '  2  not carried out: wrong usage, or the environment (files, ports, compiler)',
          '',
        ].join('\n'),
      )
    }
  })

  it('is not asked for behind `--`', async () => {
    expect((await run(['check', '--', '--help'])).received?.positionals).toEqual(['--help'])
  })

  it('has colour only where a person reads it', async () => {
    const style = '\u001b['
    expect((await run(['--help'])).stdout).not.toContain(style)
    expect((await run(['--help'], undefined, true)).stdout).toContain(style)
    expect((await run(['nothing'])).stderr).not.toContain(style)
    expect((await run(['nothing'], undefined, true)).stderr).toContain(style)
  })
})

it('--version is the version of the package', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version()}\n` })
  expect(version()).toMatch(/^\d+\.\d+\.\d+/)
})
