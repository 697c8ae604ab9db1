import { type OperationGroup, questionErrors, schemaRef } from './operation.ts'

/** `POST /authorize` and why it answers as it does. */
export const decisionOperations: OperationGroup = {
  name: 'Decisions',
  description: 'Questions and answers in the form of this server.',
  operations: [
    {
      path: '/authorize',
      method: 'post',
      id: 'authorize',
      summary: 'May this subject do this on this resource?',
      description:
        '`decision: false` only ever means that the policy said no. What cannot be decided is an error, and a caller must ' +
        'treat it as a refusal. The caller does what `obligations` says, or treats the decision as a refusal.',
      body: schemaRef('Question'),
      answer: schemaRef('Decision'),
      errors: questionErrors,
    },
    {
      path: '/v1/explain',
      method: 'post',
      id: 'explain',
      summary: 'Why is it decided so, and what would turn it?',
      description:
        'For whoever runs the tenant: unlike a reason, it tells of plans and seats to people who may not see them. Each of ' +
        '`nearest_grants` was tried on the policy before it is listed.',
      body: schemaRef('Question'),
      answer: schemaRef('Explanation'),
      errors: questionErrors,
    },
  ],
}
