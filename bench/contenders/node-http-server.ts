import { createServer } from 'node:http'

/**
 * The yardstick, 1.0: what Node itself costs to read a question and send an answer of the usual shape, with nothing
 * decided in between. Run by `node-http.ts` with the port as its only argument.
 */
const server = createServer((request, response) => {
  if (request.method !== 'POST') return response.writeHead(204).end()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const question = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const body = JSON.stringify({ decision: true, context: { reason: question.action.name } })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1')
