import { type BenchRequest, type Contender, parsed } from '../contender.ts'
import type { Question, Workload } from '../workload.ts'
import { authzenBody, post } from './authzen.ts'
import { installed, startPostern } from './postern.ts'

const items = 50

/** Postern by AuthZEN's APIs, on the common workload: one evaluation, fifty at once, and searches of 500 and of 38. */
export const posternAuthzen = (workload: Workload): readonly [Contender, ...Contender[]] => {
  const { questions, members, permissions, matrix, tenant } = workload
  const at = (i: number) => questions[i % questions.length] as Question
  const may = (user: string, permission: string) => {
    const member = workload.byUser.get(user)
    return member?.status === 'active' && matrix[member.role]?.[permission] === true
  }
  const contender = (
    name: string,
    note: string,
    request: (i: number) => BenchRequest,
    expected: (i: number) => unknown,
  ): Contender => ({
    name: `Postern, ${name}`,
    note: `${note} All decisions are cached after the warm-up.`,
    ...installed,
    start: (host) => startPostern(host, workload, 'warm'),
    request,
    check: (i, status, body) => status === 200 && JSON.stringify(parsed(body)) === JSON.stringify(expected(i)),
  })
  const decision = (i: number) => ({ decision: at(i).expected.decision })
  const batch = (i: number) => Array.from({ length: items }, (_, item) => i + item)
  const searched = (i: number, kind: 'subject' | 'action') => {
    const { subject, action, resource } = authzenBody(workload, i)
    const context = { tenant }
    return kind === 'subject'
      ? { subject: { type: 'user' }, action, resource, context }
      : { subject, resource, context }
  }
  return [
    contender(
      'one evaluation',
      'POST /access/v1/evaluation.',
      (i) => post('/access/v1/evaluation', authzenBody(workload, i)),
      decision,
    ),
    contender(
      `a batch of ${items}`,
      `POST /access/v1/evaluations with ${items} whole questions.`,
      (i) => post('/access/v1/evaluations', { evaluations: batch(i).map((item) => authzenBody(workload, item)) }),
      (i) => ({ evaluations: batch(i).map(decision) }),
    ),
    contender(
      'a search for subjects',
      `POST /access/v1/search/subject, through ${members.length} members.`,
      (i) => post('/access/v1/search/subject', searched(i, 'subject')),
      (i) => ({
        results: members
          .filter(({ user }) => may(user, at(i).permission))
          .map(({ user }) => ({ type: 'user', id: user })),
      }),
    ),
    contender(
      'a search for actions',
      `POST /access/v1/search/action, through ${permissions.length} permissions.`,
      (i) => post('/access/v1/search/action', searched(i, 'action')),
      (i) => ({
        results: permissions
          .filter((permission) => permission.startsWith(`${at(i).type}:`) && may(at(i).user, permission))
          .map((name) => ({ name })),
      }),
    ),
  ]
}
