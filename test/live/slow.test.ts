import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { type Ground, newGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { METERS, meter, serveLive } from './meters.ts'
import { read } from './reader.ts'

const LARGE = 'x'.repeat(100_000)
const MESSAGES = 120

/** Asks for a stream and never reads a byte of it. */
async function deaf(url: string, path: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n`)
  return socket
}

/** All connections of the pools, so that none is opened later. */
async function warm({ store }: Ground): Promise<void> {
  const all = Array.from({ length: 4 })
  const sleep = 'select pg_sleep(0.05)'
  await Promise.all([
    ...all.map(() => store.query(sleep)),
    ...all.map(() => store.withClient(client => client.query(sleep))),
    ...all.map(() => store.withPipelined(client => client.query(sleep))),
  ])
}

const handles = async () => (await readdir('/proc/self/fd').catch(() => [])).length

describe('a client that never reads', () => {
  for (const [path, event] of [
    ['/alerts', (number: number) => `${meter('a', number, 1, 'odd').slice(0, -1)},"pad":"${LARGE}"}`],
    ['/levels', (number: number) => meter('a', number, 1, LARGE)],
    ['/levels/a', (number: number) => meter('a', number, 1, LARGE)],
  ] as const)
    test(`of ${path} is cut; the others notice nothing, and what it took comes back`, async t => {
      const ground = await newGround([METERS])
      const { url } = await serveLive(t, ground, { stuckMsMax: 300, streamsPerUserMax: 4 })
      await warm(ground)
      await ground.send('meters', event(1))
      const before = await handles()
      const readers = await Promise.all([read(`${url}${path}`), read(`${url}${path}`)])
      const sockets = [await deaf(url, path), await deaf(url, path)]
      await until('the seats are taken', async () => (await read(`${url}${path}`)).response.statusCode === 429)
      for (let number = 2; number <= MESSAGES + 1; number++) await ground.send('meters', event(number))
      for (const reader of readers) {
        await until('all is told', async () => reader.received.length >= MESSAGES)
        const numbers = reader.received.map(({ id }) => id)
        assert.equal(new Set(numbers).size, numbers.length)
        assert.ok(!reader.isEnded())
      }
      // Two seats are free again, though the sockets were never closed by who opened them.
      const more = []
      while (more.length < 2) {
        const one = await read(`${url}${path}`)
        if (one.response.statusCode === 200) more.push(one)
        else one.close()
      }
      for (const reader of [...readers, ...more]) reader.close()
      for (const socket of sockets) socket.destroy()
      await until('the handles are given back', async () => (await handles()) <= before)
    })
})
