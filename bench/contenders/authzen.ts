import type { BenchRequest } from '../contender.ts'
import type { Workload } from '../workload.ts'

const headers = { 'Content-Type': 'application/json' }

/** Question `i` as a POST of JSON. */
export const post = (path: string, body: unknown): BenchRequest => ({
  method: 'POST',
  path,
  headers,
  body: JSON.stringify(body),
})

/** Question `i % 2000` in AuthZEN's words, as Postern and the bare server are asked. */
export const authzenBody = ({ questions, tenant }: Workload, i: number) => {
  const question = questions[i % questions.length]
  if (question === undefined) throw new Error('the workload has no questions')
  return {
    subject: { type: 'user', id: question.user },
    action: { name: question.permission },
    resource: { type: question.type, id: '-' },
    context: { tenant },
  }
}
