import { defineCommand } from './command.ts'
import { projectOption } from './project-option.ts'
import { chosenSystems, reviewedProject } from './reviewed-project.ts'

export const roles = defineCommand({
  name: 'roles',
  summary: 'list the roles of each system',
  usage: '[options]',
  options: {
    system: { type: 'string', value: 'name', description: 'only this system' },
    project: projectOption,
    json: { type: 'boolean', description: 'print the list as JSON' },
  },
  examples: [{ line: 'postern roles --system acme', does: 'the roles of one system, and how much each holds' }],
  async run({ values }, io) {
    const reviewed = await reviewedProject(values.project, io)
    const list = chosenSystems(reviewed, values.system).flatMap(([system, { roles, permissions }]) =>
      Object.entries(roles).map(([role, { plans }]) => ({
        system,
        role,
        cells: Object.values(permissions).filter(({ cells }) => Object.hasOwn(cells, role)).length,
        plans: plans === undefined ? null : Object.keys(plans),
        place: reviewed.policy.systems.get(system)?.roles[role] ?? '',
      })),
    )
    if (values.json === true) {
      io.stdout.write(`${JSON.stringify(list, null, 2)}\n`)
      return 0
    }
    const width = Math.max(...list.map(({ system, role }) => `${system} ${role}`.length))
    for (const { system, role, cells, plans, place } of list) {
      const offered = plans === null ? '' : `, only on ${plans.join(', ')}`
      io.stdout.write(`${`${system} ${role}`.padEnd(width)}  ${cells} cells${offered}: ${place}\n`)
    }
    return 0
  },
})
