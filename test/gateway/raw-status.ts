import { connect } from 'node:net'

/**
 * The status of what is sent as it stands, bytes as Latin-1; 0 where none came before the connection ended, which it does
 * after `patience` milliseconds of silence at the latest.
 */
export function rawStatus(port: number, text: string, patience: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1').setTimeout(patience, () => socket.destroy())
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(statusOf(answer)))
    socket.write(text, 'latin1')
  })
}

/** Of the answer, not of a `100 Continue` before it. */
export function statusOf(answer: string): number {
  return Number(/^(?:HTTP\/1\.\d 1\d\d [\s\S]*?\r\n\r\n)*HTTP\/1\.\d ([2-5]\d\d)/.exec(answer)?.[1] ?? 0)
}
