import type { Host, Running } from '../server-process.ts'

/** Who is asked before a request passes. `OPA` is OPA's own server, where the gateway can ask it at all. */
export type Authorization = 'nobody' | 'Postern' | 'OPA'

/** Loopback ports of what a gateway speaks to, and of itself. */
export interface Ports {
  readonly clients: number
  readonly service: number
  /** Postern's HTTP and gRPC listeners for gateways. */
  readonly gateway: number
  readonly gatewayGrpc: number
  readonly opa: number
}

/** A gateway that can be measured. To add one, write its file and list it in `../gateways.ts`. */
export interface GatewayUnderLoad {
  readonly name: string
  readonly authorizations: readonly Authorization[]
  /** One line that says what is missing and how to get it; undefined when it can start. */
  prepare(): string | undefined
  version(): string
  /** Starts it with the configuration of config/gateways, changed no more than the authorization needs. */
  start(host: Host, ports: Ports, authorization: Authorization): Promise<Running>
}
