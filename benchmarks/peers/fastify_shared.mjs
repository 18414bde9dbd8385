// What both peers in Node are told, by the environment: the port, the Redis, and the headers of every answer.

import Fastify from 'fastify'
import { Redis } from 'ioredis'

export const packed = 'packed:'
export const port = Number(process.env.BENCH_PORT)
export const headers = JSON.parse(process.env.BENCH_HEADERS)

export const fastify = () => Fastify({ logger: false })
export const redis = (options = {}) => new Redis(process.env.BENCH_REDIS_URL, options)

// All answers as pairs of URL and bytes.
export async function stored() {
  const client = redis()
  const keys = await client.keys(`${packed}*`)
  const found = []
  for (const key of keys) found.push([key.slice(packed.length), await client.getBuffer(key)])
  await client.quit()
  return found
}
