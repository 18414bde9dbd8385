// fastify with ioredis: ready bytes by URL, one GET for each request.
//
// As fastify_map.mjs, but what is asked is read from Redis as a Buffer; commands of one turn of the loop share a write.

import { fastify, headers, packed, port, redis } from './fastify_shared.mjs'

const client = redis({ enableAutoPipelining: true })
const app = fastify()

app.get('/api/v1/event-types/:id/availability', async (request, reply) => {
  const body = await client.getBuffer(packed + request.raw.url)
  if (body === null) return reply.code(404).send()
  return reply.headers(headers).send(body)
})

await app.listen({ host: '127.0.0.1', port })
