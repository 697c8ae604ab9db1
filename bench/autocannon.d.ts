/** The part of autocannon 9 that `load.ts` uses; the package ships no types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  export interface LoadRequest {
    readonly method: string
    readonly path: string
    readonly headers: Record<string, string>
    body?: string
    /** Called before each sending; what it returns is sent. */
    readonly setupRequest?: (request: LoadRequest) => LoadRequest
  }

  export interface LoadClient {
    setRequests(requests: LoadRequest[]): void
  }

  export interface LoadOptions {
    readonly url: string
    readonly socketPath?: string
    readonly connections: number
    readonly duration: number
    readonly sampleInt: number
    readonly setupClient: (client: LoadClient) => void
  }

  export interface LoadResult {
    readonly errors: number
    readonly timeouts: number
  }

  /** Emits `response` with (client, status, bytes, milliseconds). */
  export interface LoadRun extends EventEmitter {
    stop(): void
  }

  export default function autocannon(
    options: LoadOptions,
    done: (error: Error | null, result: LoadResult) => void,
  ): LoadRun
}
