import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Certificates } from './certificates.ts'

/** A server for HTTP/1.1: in the clear, or over TLS with certificates that it follows for as long as it is open. */
export function createHttpServer(
  options: ServerOptions & { readonly headersTimeout: number },
  onRequest: RequestListener,
  certificates: Certificates | undefined,
): Server {
  if (certificates === undefined) return createServer(options, onRequest)
  const handshakeTimeout = options.headersTimeout
  const server = createTlsServer({ ...options, ...certificates.current, handshakeTimeout }, onRequest)
  // Connections keep what they were made with; new ones get the new.
  server.once(
    'close',
    certificates.follow((next) => server.setSecureContext(next)),
  )
  return server
}
