import { projectAt } from '../app/project.ts'
import { readRoutes } from '../gateway/read-routes.ts'
import { Refusal } from '../gateway/refusals.ts'
import { routeRequest } from '../gateway/route-request.ts'
import { CommandError, defineCommand } from './command.ts'
import { reportingErrors } from './project-errors.ts'
import { projectOption } from './project-option.ts'

export const route = defineCommand({
  name: 'route',
  summary: 'say which permission a request at a gateway asks for',
  usage: '[options] <METHOD> <path>',
  positionals: { least: 2, most: 2 },
  options: {
    project: projectOption,
    host: { type: 'string', value: 'host', description: 'the host that the client asked' },
    header: {
      type: 'string',
      value: 'name:value',
      multiple: true,
      description: 'a header of the client that the route may read; may be repeated',
    },
  },
  examples: [
    { line: 'postern route GET /v1/members', does: 'print the route and the request that it asks' },
    { line: "postern route GET '/v1/analytics?key=key-site'", does: 'with a query, in quotes for the shell' },
  ],
  exits: { 0: 'a route takes the request', 1: 'it is denied before the policy is asked' },
  async run({ values, positionals }, io) {
    const [method = '', target = ''] = positionals
    const headers = (values.header ?? []).flatMap(headerParts)
    const routes = await reportingErrors(() => readRoutes(projectAt(values.project ?? '.').root))
    try {
      const asked = { method, target, host: values.host?.toLowerCase() }
      const { route, tenant, ...request } = routeRequest(routes, asked, headers)
      const context = tenant === undefined ? {} : { context: { tenant } }
      io.stdout.write(`route  ${route.place}: ${route.method} ${route.host ?? ''}${route.path}\n`)
      io.stdout.write(`asks   ${JSON.stringify({ ...request, ...context })}\n`)
      return 0
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      io.stdout.write(`deny  ${error.reason}: ${error.message}\n`)
      return 1
    }
  },
})

function headerParts(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon < 1) throw new CommandError(`\`${text}\` is no header`, 'write it like `X-Name: value`')
  return [text.slice(0, colon), text.slice(colon + 1).trim()]
}
