import { createServer } from 'node:http'

/** The service behind the gateways: answers a few bytes. Run by `parties.ts` with the port as its only argument. */
createServer((_, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 6 }).end('served')
}).listen(Number(process.argv[2]), '127.0.0.1')
