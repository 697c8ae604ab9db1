import type { apiOver } from '../http/fixture.ts'

type App = Pick<ReturnType<typeof apiOver>['app'], 'request'>

/** What a POST is answered: its status and its body, exactly as it left. A text goes out as it is, the rest as JSON. */
export async function asked(app: App, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const answer = await app.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** The status, and the code and pointer of an error. */
export async function refused(...call: Parameters<typeof asked>) {
  const { status, text } = await asked(...call)
  const { code, pointer } = JSON.parse(text).error
  return pointer === undefined ? [status, code] : [status, code, pointer]
}
