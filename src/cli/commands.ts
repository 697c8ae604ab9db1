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
  {
    name: 'sign',
    summary: 'sign a bundle, so that servers can refuse any other',
    load: async () => (await import('./sign.ts')).sign,
  },
  {
    name: 'rollback',
    summary: 'go back to the policy before the last one, until it is released',
    load: async () => (await import('./rollback.ts')).rollback,
  },
  {
    name: 'check',
    summary: 'say everything that a pull request must mend',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'coverage',
    summary: 'say what of the policy the decision rows show',
    load: async () => (await import('./coverage.ts')).coverage,
  },
  { name: 'eval', summary: 'decide one request and say why', load: async () => (await import('./eval.ts')).evaluate },
  {
    name: 'matrix',
    summary: 'show who may do what, from the compiled policy',
    load: async () => (await import('./matrix.ts')).matrix,
  },
  { name: 'roles', summary: 'list the roles of each system', load: async () => (await import('./roles.ts')).roles },
  { name: 'can', summary: 'list what one member of a tenant may do', load: async () => (await import('./can.ts')).can },
  {
    name: 'diff',
    summary: 'show which decisions a change of policy turns',
    load: async () => (await import('./diff.ts')).diff,
  },
  {
    name: 'verify',
    summary: 'look for a counterexample to each invariant',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'replay',
    summary: 'decide a decision log again and show what turns',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'route',
    summary: 'say which permission a request at a gateway asks for',
    load: async () => (await import('./route.ts')).route,
  },
  {
    name: 'tenant',
    summary: 'import, export and list the tenants of the directory',
    load: async () => (await import('./tenant.ts')).tenant,
  },
  {
    name: 'directory',
    summary: 'back up, restore and check the directory',
    load: async () => (await import('./directory.ts')).directory,
  },
  {
    name: 'report',
    summary: "print the monthly report of a tenant's team",
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'token',
    summary: 'create, list and revoke access tokens',
    load: async () => (await import('./token.ts')).token,
  },
]
