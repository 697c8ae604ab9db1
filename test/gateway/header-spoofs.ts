const bySpelling = (name: string): readonly string[] => [
  name,
  name.toLowerCase(),
  name.toUpperCase(),
  name.replaceAll('-', '_'),
  name.replace('-', '_'),
]

const otherRequest: Readonly<Record<string, string>> = {
  'X-Original-URI': '/v1/accounts/acme-filestack/plan',
  'X-Original-Method': 'GET',
  'X-Original-Host': 'other.example',
  'X-Forwarded-Uri': '/v1/accounts/acme-filestack/plan',
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Host': 'other.example',
  'X-Postern-Token': 'a-secret-of-the-gateway-that-is-guessed',
  'X-Postern-Subject': 'owner',
  'X-Postern-Decision-Id': 'mine',
  'X-Postern-Reason': 'mine',
  'X-Postern-Obligations': '[]',
}

/** Lines of a request's head by which a client pretends to be somebody else, or to ask for something else. */
export const headerSpoofs: readonly string[] = [
  ...Object.entries(otherRequest).flatMap(([name, value]) => bySpelling(name).map((spelt) => `${spelt}: ${value}`)),
  // Others that gateways and frameworks read.
  ...['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Prefix: /v1/accounts', 'X-Real-IP: ::1'],
  ...['X-Forwarded-Port: 8182', 'Forwarded: for=127.0.0.1;host=other.example', 'X-Forwarded-Server: postern'],
  ...['X-Http-Method-Override: GET', 'X-Http-Method: GET', 'X-Method-Override: GET', 'X-Forwarded-Path: /'],
  ...['X-Rewrite-Url: /v1/accounts/acme-filestack/plan', 'X-Original-Url: /v1/accounts/acme-filestack/plan'],
  ...['X-Envoy-Original-Path: /', 'X-Envoy-Auth-Headers-To-Remove: authorization', 'X-User: owner', 'X-Sub: owner'],
  ...['X-Auth-User: owner', 'Remote-User: owner', 'X-Remote-User: owner', 'X-Auth-Request-User: owner'],
  // Names that a proxy drops before it passes the request on.
  ...['Connection: X-Postern-Subject', 'Connection: close, X-Postern-Reason', 'Connection: X-Forwarded-Uri'],
  ...['Connection: X-Original-URI', 'Connection: X-Forwarded-Method', 'Connection: Authorization', 'TE: trailers'],
  // A second one of a header that decides.
  ...['Authorization: Bearer x', 'authorization: Bearer x.y.z', 'Host: other.example', 'X-Postern-Subject:'],
  ...['X-Postern-Subject: owner\r\nx-postern-subject: owner', 'X-Forwarded-Uri: /\r\nX-Forwarded-Uri: /'],
]
