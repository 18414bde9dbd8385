// fastify with a Map: ready bytes by URL, in the memory of the process.
//
// fastify at its fastest: no logger, one route, a Buffer as the answer. The headers are those of the service's own
// answer. It parses the path and nothing of the query; it has no ETag, no request id, no metrics, no log, and what is
// not in the Map is a 404.

import { fastify, headers, port, stored } from './fastify_shared.mjs'

const answers = new Map(await stored())
const app = fastify()

app.get('/api/v1/event-types/:id/availability', (request, reply) => {
  const body = answers.get(request.raw.url)
  if (body === undefined) return reply.code(404).send()
  return reply.headers(headers).send(body)
})

await app.listen({ host: '127.0.0.1', port })
