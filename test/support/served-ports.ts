import type { ChildProcess } from 'node:child_process'

export interface ServedPorts {
  readonly decision: number
  readonly management: number
}

/** The ports that a server says it listens on, the one of decisions first. What else it says is dropped. */
export function portsOf(child: ChildProcess): Promise<ServedPorts> {
  return new Promise((resolve, reject) => {
    let text = ''
    let ready = false
    child.stderr?.on('data', (chunk) => {
      if (ready) return
      text += chunk
      const [decision, management] = [...text.matchAll(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/g)].map(
        ([, port]) => port,
      )
      if (management === undefined) return
      ready = true
      resolve({ decision: Number(decision), management: Number(management) })
    })
    child.on('exit', () => reject(new Error(`the server did not start: ${text}`)))
  })
}
