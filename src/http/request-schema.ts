import type { Shape } from './shape-check.ts'

const properties = {
  type: 'object',
  description: 'Attributes, each read only where a rule of the permission names it.',
} as const satisfies Shape

/** The question of every API as a JSON Schema: requests are checked by it, and `/openapi.json` shows it. */
export const requestSchema = {
  type: 'object',
  description: "A question in AuthZEN's information model. Members that are not listed mean nothing.",
  required: ['subject', 'action', 'resource'],
  properties: {
    subject: {
      type: 'object',
      description:
        'Who asks. `user` is looked up among the members of the tenant; `service` reaches service permissions.',
      required: ['type', 'id'],
      properties: { type: { type: 'string', minLength: 1 }, id: { type: 'string', minLength: 1 }, properties },
    },
    action: {
      type: 'object',
      description: 'What is to be done: the whole permission, `member:invite`.',
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1 }, properties },
    },
    resource: {
      type: 'object',
      description: 'On what. `type` is the part of the permission before the colon; `id` is `-` or empty for none.',
      required: ['type', 'id'],
      // `""` is allowed as the id: an action on a whole type has no resource to name.
      properties: { type: { type: 'string', minLength: 1 }, id: { type: 'string' }, properties },
    },
    context: {
      type: 'object',
      description: 'The circumstances. `tenant` names the tenant, unless the setting `default_tenant` does.',
    },
    tenant: {
      type: 'object',
      description:
        'A whole tenant document to decide upon instead of a stored one. Never together with `context.tenant`.',
    },
  },
} as const satisfies Shape
