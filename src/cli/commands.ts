import type { CommandEntry } from './help.ts'

/**
 * The commands, in the order of the help. A command is loaded when it is asked for, so that `--help` and `eval` do not
 * pay for the server:
 *
 *   { name: 'serve', summary: 'serve decisions', load: async () => (await import('./serve.ts')).serve },
 */
export const commands: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'build what changed and answer decisions over HTTP',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'build',
    summary: 'compile config and policies into one bundle',
    load: async () => (await import('./build.ts')).build,
  },
  { name: 'eval', summary: 'decide one request and say why', load: async () => (await import('./eval.ts')).evaluate },
  {
    name: 'route',
    summary: 'say which permission a request at a gateway asks for',
    load: async () => (await import('./route.ts')).route,
  },
]
