/**
 * Whole requests that no client library sends. `@` stands for the line of a credential that may list members and see the
 * plan of its account, and nothing else here. What comes of each is the gateway's affair, as long as the service gets
 * only what the policy allowed.
 */
const host = 'Host: api.example.com\r\n'
const end = 'Connection: close\r\n\r\n'

const requestLines = [
  ...[
    'GET  /v1/members HTTP/1.1',
    'GET\t/v1/members HTTP/1.1',
    'GET /v1/members  HTTP/1.1',
    ' GET /v1/members HTTP/1.1',
  ],
  ...[
    'get /v1/members HTTP/1.1',
    'GeT /v1/members HTTP/1.1',
    'GET\u0000 /v1/members HTTP/1.1',
    'G\u00cbT /v1/members HTTP/1.1',
  ],
  ...['GET /v1/members HTTP/1.0', 'GET /v1/members HTTP/0.9', 'GET /v1/members HTTP/2.0', 'GET /v1/members HTTP/1.2'],
  ...['GET /v1/members http/1.1', 'GET /v1/members HTTP/1.1.1', 'GET /v1/members HTTQ/1.1', 'GET /v1/members'],
  ...['GET http://other.example/v1/members HTTP/1.1', 'GET https://api.example.com/v1/other HTTP/1.1'],
  ...[
    'GET http://api.example.com HTTP/1.1',
    'GET //other.example/v1/members HTTP/1.1',
    'GET file:///etc/passwd HTTP/1.1',
  ],
  ...[
    'CONNECT 127.0.0.1:9000 HTTP/1.1',
    'CONNECT /v1/members HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'TRACE /v1/members HTTP/1.1',
  ],
  ...['PRI * HTTP/2.0', 'HEAD /v1/members HTTP/1.1', 'FOO /v1/members HTTP/1.1', 'PURGE /v1/members HTTP/1.1'],
  ...[
    'GET /_postern HTTP/1.1',
    'GET /v1/auth-request HTTP/1.1',
    'GET /v1/forward-auth HTTP/1.1',
    'GET /livez HTTP/1.1',
  ],
  ...['GET /authorize HTTP/1.1', 'POST /authorize HTTP/1.1', 'GET /metrics HTTP/1.1', 'GET /../../authorize HTTP/1.1'],
  ...['GET /v1/members?page=1#x HTTP/1.1', 'GET /v1/members?\u00e9 HTTP/1.1', 'GET /v1/members?a\u0000b HTTP/1.1'],
]

const bodies = [
  // Two lengths, or a length and chunks: what one reads as a body is the next request of another.
  `POST /v1/members HTTP/1.1\r\n${host}@Content-Length: 43\r\nContent-Length: 0\r\n\r\nGET /v1/other HTTP/1.1\r\nHost: a.example\r\n\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Content-Length: 0\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\nGET /v1/other HTTP/1.1\r\n${host}\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Content-Length: 4\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\nGET /v1/other HTTP/1.1\r\n${host}\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Transfer-Encoding : chunked\r\n${end}0\r\n\r\nGET /v1/other HTTP/1.1\r\n${host}\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Transfer-Encoding: xchunked\r\n${end}0\r\n\r\nGET /v1/other HTTP/1.1\r\n${host}\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n${end}0\r\n\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Transfer-Encoding:\u000bchunked\r\n${end}0\r\n\r\nGET /v1/other HTTP/1.1\r\n${host}\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Content-Length: +4\r\n${end}body`,
  `GET /v1/members HTTP/1.1\r\n${host}@Content-Length: -1\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@Content-Length: 0x4\r\n${end}body`,
  // Pipelined: the second asks for itself.
  `GET /v1/members HTTP/1.1\r\n${host}@\r\nGET /v1/other HTTP/1.1\r\n${host}@${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@\r\nDELETE /v1/members HTTP/1.1\r\n${host}@${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@\r\nGET /v1/members HTTP/1.1\r\n${host}${end}`,
]

const heads = [
  // Bare line ends, folded lines, names that are none.
  `GET /v1/members HTTP/1.1\n${host.trim()}\n@\n\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@X-A: b\r\n c\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n ${host}@${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@X A: b\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@: b\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@X-A\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@X-A: b\u0000c\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@X-A: b\rX-Postern-Subject: root\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}${host}@${end}`,
  `GET /v1/members HTTP/1.1\r\n@${end}`,
  `GET /v1/members HTTP/1.1\r\nHost: \r\n@${end}`,
  `GET /v1/members HTTP/1.1\r\nHost: a b\r\n@${end}`,
  `GET /v1/members HTTP/1.1\r\nHost: api.example.com:8080:9000\r\n@${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@@${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  `GET /v1/members HTTP/1.1\r\n${host}@Expect: 100-continue\r\n${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@${'X-A: b\r\n'.repeat(300)}${end}`,
  `GET /v1/members HTTP/1.1\r\n${host}@X-A: ${'b'.repeat(100_000)}\r\n${end}`,
]

/** What Postern itself answers elsewhere; behind the gateway none of it is anything. */
const ownPaths = [
  ...['GET /v1/tenants', 'GET /v1/tenants/acme-filestack', 'GET /v1/outbox', 'GET /v1/events', 'GET /metrics'],
  ...['PUT /v1/tenants/acme-filestack', 'POST /v1/tenants/acme-filestack/actions/plan:change', 'POST /authorize'],
  ...['POST /v1/explain', 'POST /access/v1/evaluation', 'GET /v1/auth-request', 'GET /livez', 'GET /readyz'],
].map((line) => `${line} HTTP/1.1`)

export const rawRequests: readonly string[] = [
  ...[...requestLines, ...ownPaths].map((line) => `${line}\r\n${host}@${end}`),
  ...bodies,
  ...heads,
]
