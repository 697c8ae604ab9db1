const listed: readonly string[] = [
  // Not a path at all.
  ...['', '*', '?', 'v1/members', 'http://x/v1/members', '?/v1/members', '%2fv1/members', '\\v1\\members'],
  // Dot segments, raw, escaped, half escaped, in each place.
  ...['/.', '/..', '/./', '/../', '/a/.', '/a/..', '/a/./b', '/a/../b', '/../../v1/members', '/v1/./members'],
  ...['/%2e', '/%2E', '/%2e%2e', '/%2E%2E', '/.%2e', '/%2e.', '/%2e%2E', '/a/%2e/b', '/a/%2e%2e/b', '/a/.%2e/b'],
  ...['/a/%2e./b', '/v1/x/%2e%2e/members', '/v1/members/%2e', '/v1/members/%2e%2e', '/v1/members/..', '/v1/members/.'],
  ...['/v1/members/../admin', '/v1/members/%2e%2e/admin', '/a/b/../../..', '/.?q=1', '/a/..?q=1'],
  // Empty segments.
  ...['//', '//v1/members', '/v1//members', '/v1/members//', '///', '//admin/x', '//evil.example/v1/members'],
  ...['/v1/members//?q=1', '/a//b', '/a/%2f/b'],
  // Slashes and backslashes inside a segment.
  ...['/v1%2fmembers', '/v1%2Fmembers', '/v1/%2fmembers', '/v1/members%2f', '/v1/members%2F..', '/a%5cb', '/a%5Cb'],
  ...[
    '/v1\\members',
    '/v1/..\\members',
    '/v1/%5c..%5cadmin',
    '/..%2f',
    '/..%5c',
    '/%2f',
    '/%2F%2F',
    '/%5c',
    '/a/..%2fb',
  ],
  ...['/v1/members\\', '/..\\', '\\', '/%2e%2e%2fadmin', '/%2e%2e%5cadmin'],
  // Path parameters.
  ...[
    '/v1/members;',
    '/v1/members;a=b',
    '/v1;x/members',
    '/..;/admin',
    '/v1/..;/admin',
    '/;/v1/members',
    '/v1/members;/x',
  ],
  ...['/v1/members%3b', '/..%3b/admin', '/v1/members%3B.json', '/;', '/v1/members;jsessionid=1?q=1'],
  // Control characters.
  ...[
    '/%00',
    '/v1/members%00',
    '/v1/members%00.json',
    '/v1/mem%00bers',
    '/%0a',
    '/v1/members%0a',
    '/v1/members%0d%0aX: y',
  ],
  ...[
    '/v1/members%09',
    '/%1f',
    '/%7f',
    '/v1/members\n',
    '/v1/members\r\n',
    '/v1/\tmembers',
    '/v1/members\u0000',
    '/\u007f',
  ],
  ...['/v1/members%c2%85', '/v1/members%C2%A0%0b', '/v1/members ', '/v1/mem bers', ' /v1/members'],
  // Escapes that are none, or not UTF-8.
  ...[
    '/%',
    '/%2',
    '/%zz',
    '/%2g',
    '/%u002f',
    '/v1/members%',
    '/v1/members%2',
    '/% 2f',
    '/%+2',
    '/%c0%af',
    '/%c0%ae%c0%ae',
  ],
  ...[
    '/%e0%80%af',
    '/%f0%80%80%af',
    '/%ff',
    '/%fe%ff',
    '/%80',
    '/%ed%a0%80',
    '/%f4%90%80%80',
    '/v1/members%c3',
    '/%c3%28',
  ],
  // Escaped twice: whoever decodes once more finds something else.
  ...[
    '/%252e%252e',
    '/%252e',
    '/v1%252fmembers',
    '/%255c',
    '/%2500',
    '/%25%32%66',
    '/%252f',
    '/v1/%25%32%65%25%32%65/admin',
  ],
  // Raw bytes that are not ASCII, as Node hands them over.
  ...['/v1/m\u00e9mbers', '/\u00c0\u00af', '/v1/members\u00ff', '/v1/\uff0e\uff0e/admin'],
  // Fragments, and too much.
  ...['/v1/members#', '/v1/members#/x', '/#', '/v1/members?q=#', '/v1/members%20#x', `/${'a'.repeat(8192)}`],
]

/** Segments with more than one reading, in each place of a path that the example routes take or almost take. */
const segments = [
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '.%2E',
  '..;',
  '..%2f',
  '..%5c',
  '..\\',
  '%2e%2e%2f',
  '%252e%252e',
  '..%00',
  '%c0%ae',
]
const places = [
  ...['/X/v1/members', '/v1/X/members', '/v1/X/v1/members', '/v1/members/X', '/v1/members/X/members', '/v1/membersX'],
  ...[
    '/v1/keys/X',
    '/v1/keys/X/uses',
    '/v1/keys/key-site/X',
    '/v1/accounts/X/plan',
    '/v1/accounts/acme-filestack/X/plan',
  ],
  ...['/v1/accounts/X/acme-filestack/plan', '/X', '/X/X/v1/members', '/v1/members/X?page=2'],
]
/** Those that are segments of their own only: beside other characters they are none of the dots that paths know. */
const alone = new Set(['.', '..', '%2e', '%2E%2e', '.%2E'])
const woven = places.flatMap((place) =>
  segments
    .filter((segment) => !alone.has(segment) || !place.includes('membersX'))
    .map((segment) => place.replaceAll('X', segment)),
)

/** Targets that some server, framework or file system reads differently from another: all of them are refused. */
export const hostilePaths: readonly string[] = [...new Set([...listed, ...woven])]
