import {
  logVerbosity,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
  status,
} from '@grpc/grpc-js'
import type { GatewayAnswer } from './answer.ts'
import type { GatewayApi } from './gateway-api.ts'
import { type Checked, type GrpcMessages, grpcMessages } from './grpc-messages.ts'
import type { RawHeaders } from './raw-headers.ts'

export interface GrpcParts {
  readonly api: Pick<GatewayApi, 'answerTo'>
  readonly readiness: { ready(): boolean }
}

/** The same steps as every listener of the process has. */
export interface GrpcListener {
  /** `http://host:port`, with the port that was really taken. */
  readonly address: string
  /** Calls that are under way. */
  connections(): number
  announceClose(): void
  stop(): void
  destroy(): void
  readonly closed: Promise<void>
}

const authorization = 'envoy.service.auth.v3.Authorization'

/** A check holds the headers of one request, which Envoy bounds at 60 KiB, and no body. */
const limits = {
  'grpc.max_receive_message_length': 262_144,
  'grpc.max_send_message_length': 262_144,
  'grpc.max_concurrent_streams': 1024,
}

/**
 * Envoy's `Authorization/Check` and the gRPC health check on `host:port`. A call whose deadline has passed gets no
 * answer, a message that is too large or malformed an error: Envoy denies both.
 *
 * @throws Error when the address cannot be had
 */
export async function listenGrpc({ api, readiness }: GrpcParts, host: string, port: number): Promise<GrpcListener> {
  // What it would write to stderr by itself comes back as an error as well.
  setLogVerbosity(logVerbosity.NONE)
  const messages = grpcMessages()
  const server = new Server(limits)
  let underWay = 0
  server.addService(checkService(messages), {
    Check(call: ServerUnaryCall<Checked, GatewayAnswer>, answer: sendUnaryData<GatewayAnswer>) {
      underWay++
      const { asked, headers } = call.request
      void api
        .answerTo(asked, { client: headers, gateway: saidBy(call.metadata), address: addressOf(call.getPeer()) })
        .then((made) => {
          underWay--
          answer(null, made)
        })
    },
  })
  server.addService(healthService(messages), {
    Check({ request: { service } }: ServerUnaryCall<{ service: string }, boolean>, answer: sendUnaryData<boolean>) {
      if (service === '' || service === authorization) answer(null, readiness.ready())
      else answer({ code: status.NOT_FOUND, details: 'no such service' })
    },
  })
  const bracketed = host.includes(':') ? `[${host}]` : host
  const taken = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${bracketed}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  )
  let settle: () => void
  const closed = new Promise<void>((resolve) => {
    settle = resolve
  })
  return {
    address: `http://${bracketed}:${taken}`,
    connections: () => underWay,
    // HTTP/2 has GOAWAY for it, which `stop` sends: it loses no call.
    announceClose() {},
    stop: () => server.tryShutdown(() => settle()),
    destroy() {
      server.forceShutdown()
      settle()
    },
    closed,
  }
}

/** Of a peer, which is an address with a port behind it. */
function addressOf(peer: string): string | undefined {
  return /^(.*):\d+$/.exec(peer)?.[1]
}

/** What the gateway says of itself: never what it says of its client. */
function saidBy(metadata: Metadata): RawHeaders {
  return metadata.get('x-postern-token').flatMap((value) => ['X-Postern-Token', String(value)])
}

function checkService({ readCheck, writeReply }: GrpcMessages) {
  return unary(authorization, readCheck, writeReply)
}

function healthService({ readHealthCheck, writeHealth }: GrpcMessages) {
  return unary('grpc.health.v1.Health', readHealthCheck, writeHealth)
}

/** A service with the one method `Check`; the other half of each codec is the client's, which this process is not. */
function unary<Asked, Answered>(service: string, read: (bytes: Buffer) => Asked, write: (answer: Answered) => Buffer) {
  const notOurs = () => {
    throw new Error('this process asks no gateway')
  }
  return {
    Check: {
      path: `/${service}/Check`,
      requestStream: false as const,
      responseStream: false as const,
      requestSerialize: notOurs,
      requestDeserialize: read,
      responseSerialize: write,
      responseDeserialize: notOurs,
    },
  }
}
