import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'

/** Ends a gateway, waits until it has, and removes its folder. Not by SIGKILL: nginx would leave its workers behind. */
export async function stopGateway(gateway: ChildProcess, folder: string): Promise<void> {
  if (gateway.exitCode === null && gateway.signalCode === null) {
    const ended = once(gateway, 'exit')
    gateway.kill('SIGTERM')
    await ended
  }
  rmSync(folder, { recursive: true, force: true })
}
