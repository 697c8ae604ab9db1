import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { GatewayAnswer } from '../../src/gateway/answer.ts'
import type { GatewayApi } from '../../src/gateway/gateway-api.ts'
import { type GrpcListener, listenGrpc } from '../../src/gateway/grpc-listener.ts'
import { grpcMessages } from '../../src/gateway/grpc-messages.ts'
import { project } from '../support/policy.ts'

const messages = grpcMessages()
const root = protobuf.loadSync(`${project.root}/src/gateway/proto/ext-authz.proto`)
const type = (name: string) => root.lookupType(`postern.${name}`)
const written = (name: string, value: object) => Buffer.from(type(name).encode(type(name).fromObject(value)).finish())
const read = (bytes: Uint8Array) => type('CheckResponse').toObject(type('CheckResponse').decode(bytes))

const denial: GatewayAnswer = { status: 403, reason: 'why', subject: 'bill', decisionId: 'd1', body: { a: 1 } }
const set = (key: string, value: string) => ({ header: { key, value }, appendAction: 2, keepEmptyValue: true })
const metadata = (subject: string, decision_id: string, reason: string) => ({
  fields: {
    subject: { stringValue: subject },
    decision_id: { stringValue: decision_id },
    reason: { stringValue: reason },
  },
})

describe('a reply to Envoy', () => {
  it('allows with the headers of the decision, each in the place of what the client sent', () => {
    const allow: GatewayAnswer = { status: 200, reason: 'why', subject: 'dev', decisionId: 'd1', body: {} }
    expect(read(messages.writeReply(allow))).toEqual({
      // Zero and the empty text are what a reader takes a missing member for.
      status: {},
      okResponse: {
        headers: [
          set('X-Postern-Subject', 'dev'),
          set('X-Postern-Decision-Id', 'd1'),
          set('X-Postern-Reason', 'why'),
          { ...set('X-Postern-Obligations', ''), header: { key: 'X-Postern-Obligations' } },
        ],
      },
      dynamicMetadata: metadata('dev', 'd1', 'why'),
    })
  })

  it.each([
    [401, 16],
    [429, 8],
    [402, 7],
    [403, 7],
    [404, 7],
    [405, 7],
    [503, 14],
  ] as const)('denies %d with code %d, without what is only for the service', (made, code) => {
    const reply = read(messages.writeReply({ ...denial, status: made as 403 }))
    expect(reply).toEqual({
      status: { code, message: 'why' },
      deniedResponse: {
        status: { code: made },
        headers: [
          set('Content-Type', 'application/json'),
          set('Cache-Control', 'no-store'),
          set('X-Postern-Decision-Id', 'd1'),
          set('X-Postern-Reason', 'why'),
        ],
        body: '{"a":1}',
      },
      dynamicMetadata: metadata('bill', 'd1', 'why'),
    })
  })

  it('is an allow for no other status, whatever stands there', () => {
    for (const odd of [undefined, null, 0, 1, 100, 199, 201, 204, 299, 302, '200', Number.NaN, -200, 2000, {}]) {
      const { status, okResponse, deniedResponse } = read(messages.writeReply({ ...denial, status: odd as never }))
      expect([odd, status.code > 0, okResponse, deniedResponse.status.code >= 400]).toEqual([
        odd,
        true,
        undefined,
        true,
      ])
    }
    for (const nothing of [undefined, null]) expect(() => messages.writeReply(nothing as never)).toThrow()
  })
})

describe('a check of Envoy', () => {
  const check = (http: object, source: object = {}) =>
    messages.readCheck(written('CheckRequest', { attributes: { source, request: { http } } }))

  it('is read from the attributes, with headers as a list or as a map', () => {
    const http = { method: 'GET', path: '/a/../b?q=%00', host: 'API.example.com:8080' }
    const listed = check(
      {
        ...http,
        headerMap: {
          headers: [
            { key: ':path', value: '/other' },
            { key: 'x-a', rawValue: Buffer.from([0x61, 0xe9]) },
          ],
        },
      },
      { principal: 'spiffe://acme.example/user/dev' },
    )
    const { certificate, ...asked } = listed.asked
    expect(asked).toEqual({ method: 'GET', target: '/a/../b?q=%00', host: 'api.example.com' })
    expect(certificate?.()).toBe('spiffe://acme.example/user/dev')
    expect(listed.headers).toEqual([':path', '/other', 'x-a', 'a\u00e9'])
    const mapped = check({ ...http, headers: { authorization: 'Bearer x', 'x-user': 'dev,owner' } })
    expect(mapped.headers).toEqual(['authorization', 'Bearer x', 'x-user', 'dev', 'x-user', 'owner'])
    expect(mapped.asked.certificate?.()).toBeUndefined()
  })

  it('that says nothing has no path, which no route takes', () => {
    for (const empty of [Buffer.alloc(0), written('CheckRequest', { attributes: {} })]) {
      const { asked, headers } = messages.readCheck(empty)
      expect([asked.method, asked.target, asked.host, headers]).toEqual(['', '', undefined, []])
    }
  })
})

describe('the gRPC listener', () => {
  let listener: GrpcListener | undefined
  let client: Client | undefined

  afterEach(() => {
    client?.close()
    listener?.destroy()
  })

  async function listening(answerTo: GatewayApi['answerTo'], ready = true) {
    listener = await listenGrpc({ api: { answerTo }, readiness: { ready: () => ready } }, '127.0.0.1', 0)
    const opened = new Client(new URL(listener.address).host, credentials.createInsecure())
    client = opened
    return (path: string, bytes: Buffer, metadata = new Metadata(), deadline = Date.now() + 5000) =>
      new Promise<Buffer | status>((resolve) =>
        opened.makeUnaryRequest<Buffer, Buffer>(
          path,
          (value) => value,
          (value) => value,
          bytes,
          metadata,
          { deadline },
          (error: ServiceError | null, value?: Buffer) => resolve(error === null ? (value as Buffer) : error.code),
        ),
      )
  }
  const checkPath = '/envoy.service.auth.v3.Authorization/Check'
  const checkOf = (headers: Record<string, string> = {}) =>
    written('CheckRequest', { attributes: { request: { http: { method: 'GET', path: '/x', headers } } } })

  it('tells the gateway by its own metadata from the client by its headers', async () => {
    const senders: unknown[] = []
    const call = await listening(async (_, sender) => {
      senders.push(sender)
      return denial
    })
    const metadata = new Metadata()
    metadata.set('x-postern-token', 'the secret')
    expect(await call(checkPath, checkOf({ 'x-postern-token': 'forged' }), metadata)).toEqual(
      messages.writeReply(denial),
    )
    await call(checkPath, checkOf({ 'x-postern-token': 'forged' }))
    const forged = ['x-postern-token', 'forged']
    expect(senders).toEqual([
      { client: forged, gateway: ['X-Postern-Token', 'the secret'], address: '127.0.0.1' },
      { client: forged, gateway: [], address: '127.0.0.1' },
    ])
  })

  it('gives an error, which Envoy denies, for what it cannot read and for what takes too long', async () => {
    const call = await listening(() => new Promise(() => {}))
    expect(await call(checkPath, Buffer.from([0xff, 0xff]))).toBe(status.INTERNAL)
    expect(await call(checkPath, checkOf({ 'x-a': 'a'.repeat(300_000) }))).toBe(status.RESOURCE_EXHAUSTED)
    expect(await call(checkPath, checkOf(), new Metadata(), Date.now() + 50)).toBe(status.DEADLINE_EXCEEDED)
    expect(await call('/envoy.service.auth.v2.Authorization/Check', checkOf())).toBe(status.UNIMPLEMENTED)
  })

  it('answers the health check by readiness', async () => {
    for (const ready of [true, false]) {
      const call = await listening(async () => denial, ready)
      const health = (service: string) =>
        call('/grpc.health.v1.Health/Check', written('HealthCheckRequest', { service }))
      expect(await health('')).toEqual(Buffer.from([8, ready ? 1 : 2]))
      expect(await health('envoy.service.auth.v3.Authorization')).toEqual(Buffer.from([8, ready ? 1 : 2]))
      expect(await health('other')).toBe(status.NOT_FOUND)
      client?.close()
      listener?.destroy()
    }
  })

  it('takes no port that is taken', async () => {
    await listening(async () => denial)
    const port = Number(new URL(listener?.address ?? '').port)
    const readiness = { ready: () => true }
    await expect(listenGrpc({ api: { answerTo: async () => denial }, readiness }, '127.0.0.1', port)).rejects.toThrow()
  })

  it('finishes the calls under way when it stops, and takes no new one', async () => {
    let finish: (answer: GatewayAnswer) => void = () => {}
    const call = await listening(
      () =>
        new Promise((resolve) => {
          finish = resolve
        }),
    )
    const underWay = call(checkPath, checkOf())
    while (listener?.connections() !== 1) await new Promise((resolve) => setTimeout(resolve, 5))
    listener.stop()
    finish(denial)
    expect(await underWay).toEqual(messages.writeReply(denial))
    await listener.closed
    expect(await call(checkPath, checkOf())).toBe(status.UNAVAILABLE)
  })
})
