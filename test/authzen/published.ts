/**
 * What AuthZEN publishes of its search demo: the records, by number, on which each person may act. Its searches for
 * subjects and for actions ask the same relation from the other two sides.
 */
export const publishedRecords: Readonly<Record<string, Readonly<Record<'view' | 'edit' | 'delete', string>>>> = {
  alice: {
    view: '101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120',
    edit: '101 107 110 113 119',
    delete: '101 107 113 119',
  },
  bob: {
    view: '101 102 103 105 108 112 114 116 117 119 120',
    edit: '102 108 114 120',
    delete: '102 108 114 120',
  },
  carol: {
    view: '101 102 103 105 108 109 112 115 116 117 119',
    edit: '103 109 115',
    delete: '103 109 115',
  },
  dan: {
    view: '101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120',
    edit: '104 110 115 116',
    delete: '104 110 116',
  },
  erin: { view: '105 111 115 117', edit: '105 111 117', delete: '105 111 117' },
  felix: { view: '104 106 109 111 112 114 118 120', edit: '106 112 118', delete: '106 112 118' },
}

const user = (letter: string) => `CiRmZD${letter}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs`
const rick = user('A')
const morty = user('E')
const summer = user('I')
const beth = user('M')
const jerry = user('Q')

const mails = new Map([
  [rick, 'rick@the-citadel.com'],
  [morty, 'morty@the-citadel.com'],
  [summer, 'summer@the-smiths.com'],
  [beth, 'beth@the-smiths.com'],
  [jerry, 'jerry@the-smiths.com'],
])
const mailOf = (id: string) => mails.get(id) as string

const todo = (ownerID: string) => ({
  type: 'todo',
  id: '7240d0db-8ff0-41ec-98b2-34a096273b9f',
  properties: { ownerID },
})

/** One person's eight questions of the Todo scenario, as published: `+` for an allow, in the published order. */
const todoDecisions: Readonly<Record<string, string>> = {
  [rick]: '++++++++',
  [morty]: '++++-+-+',
  [summer]: '++++-+-+',
  [beth]: '+++-----',
  [jerry]: '+++-----',
}

/** The 40 published evaluations of the Todo scenario. Everybody asks about Rick's todo and about one of their own; Rick of Morty's. */
export const publishedTodos = Object.entries(todoDecisions).flatMap(([id, decisions]) => {
  const own = mailOf(id)
  const [first, second] = id === rick ? [own, mailOf(morty)] : [mailOf(rick), own]
  const questions = [
    ['can_read_user', { type: 'user', id: mailOf(beth) }],
    ['can_read_user', { type: 'user', id: own }],
    ['can_read_todos', { type: 'todo', id: 'todo-1' }],
    ['can_create_todo', { type: 'todo', id: 'todo-1' }],
    ['can_update_todo', todo(first)],
    ['can_update_todo', todo(second)],
    ['can_delete_todo', todo(first)],
    ['can_delete_todo', todo(second)],
  ] as const
  return questions.map(([name, resource], index) => ({
    request: { subject: { type: 'user', id }, action: { name }, resource },
    expected: decisions[index] === '+',
  }))
})

/** The 25 published evaluations of the API gateway scenario: a method as the action, and the template of its route. */
export const publishedRoutes = Object.entries({
  [rick]: '+++++',
  [morty]: '+++++',
  [summer]: '+++++',
  [beth]: '++---',
  [jerry]: '++---',
}).flatMap(([id, decisions]) => {
  const routes = ['GET /users/{userId}', 'GET /todos', 'POST /todos', 'PUT /todos/{todoId}', 'DELETE /todos/{todoId}']
  return routes.map((route, index) => {
    const [name = '', template = ''] = route.split(' ')
    return {
      request: { subject: { type: 'identity', id }, action: { name }, resource: { type: 'route', id: template } },
      expected: decisions[index] === '+',
    }
  })
})

/** The three published batches: one person updates Rick's todo and another one, with an incomplete resource above. */
export const publishedBatches = [
  { id: rick, owners: [mailOf(rick), mailOf(jerry)], expected: [true, true] },
  { id: morty, owners: [mailOf(rick), mailOf(morty)], expected: [false, true] },
  { id: jerry, owners: [mailOf(rick), mailOf(jerry)], expected: [false, false] },
].map(({ id, owners, expected }) => ({
  request: {
    subject: { type: 'user', id },
    action: { name: 'can_update_todo' },
    resource: {},
    evaluations: owners.map((owner) => ({ resource: todo(owner) })),
  },
  expected: { evaluations: expected.map((decision) => ({ decision })) },
}))
