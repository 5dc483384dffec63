/** Promise S by the hour: FAULT_SCALE makes it longer. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { createRandom } from '../../simulators/rockets/random.ts'
import { until } from '../until.ts'
import { checkAlerts, toTell } from './check-streams.ts'
import { Cluster } from './cluster.ts'
import { Listener } from './listener.ts'
import { liveRun } from './live-runs.ts'
import { expectKept, runLoad, seedOf } from './load.ts'
import { newService, type Service } from './service.ts'

const SCALE = Number(process.env.FAULT_SCALE ?? 1)
const DEAF = 100
const RSS_MIB_MORE_MAX = 150

let cluster: Cluster
before(async () => {
  cluster = await Cluster.make()
  await cluster.start()
})
after(() => cluster.remove())

test('S: many listeners, two services killed and stopped in turn', async t => {
  const seed = seedOf()
  const faults = Math.max(2, Math.round(30 * SCALE))
  const options = { seed, faults, messages: faults * 700, rockets: 30, listeners: 120, cluster }
  const times = { drainMs: 60_000 + faults * 20_000, toldWithinMs: 60_000 }
  expectKept(await liveRun(t, { ...options, ...times }), seed, import.meta.url)
})

test('R: a hundred clients that never read are cut, the others are told all, and memory and handles come back', async t => {
  const seed = seedOf()
  const databaseUrl = await cluster.newDatabase()
  const args = ['test/faults/loud-rockets.ts']
  const service = await newService(t, { databaseUrl, args, env: { STREAMS_PER_USER_MAX: '10000' } })
  await service.start()
  const load = (messages: number, of: number) =>
    runLoad({
      seed: of,
      messages,
      services: [service],
      databaseUrl,
      streams: 4,
      drainMs: 300_000,
      faults: async () => undefined,
    })
  // As it is after some work: caches filled, connections open.
  expectKept(await load(5_000, seed + 1), seed, import.meta.url)
  const known = Number(
    ((await (await fetch(`${service.url}/feeds`)).json()) as { data: { events: number }[] }).data[0]?.events,
  )
  const handles = await service.handles()
  const rss = await rssMibOf(service)
  const random = createRandom(seed, 'listeners')
  const listeners = Array.from({ length: 20 }, () => new Listener({ path: '/alerts', random, services: [service] }))
  const listening = listeners.map(listener => listener.run())
  await until('all listen', async () => listeners.every(({ lastId }) => lastId !== undefined))
  const from = Number(listeners[0]?.lastId)
  const sockets = await Promise.all(Array.from({ length: DEAF }, () => deaf(service)))
  const run = await load(Math.max(40_000, 80_000 * SCALE), seed)
  const all = toTell(run.history)
  await until('all is told', async () => listeners.every(({ lastId }) => lastId === String(from + all.alerts.size)))
  for (const listener of listeners) listener.stop()
  await Promise.all(listening)
  const heard = listeners.map(listener => renumbered(listener, from))
  const violations = [...run.violations, ...checkAlerts(all, heard)]
  expectKept(
    { violations: violations.filter(({ promise }) => promise === 'S' || promise === 'R') },
    seed,
    import.meta.url,
  )
  await until('the deaf are cut', async () => (await service.handles()) <= handles + 4)
  const more = (await rssMibOf(service)) - rss
  t.diagnostic(`${known} events before; ${Math.round(more)} MiB more resident than before`)
  assert.ok(more < RSS_MIB_MORE_MAX, `${Math.round(more)} MiB more than before`)
  for (const socket of sockets) socket.destroy()
})

/** Counted from where the load began. */
function renumbered(listener: Listener, from: number): Listener {
  const heard = listener.heard.map(some => some.map(one => ({ ...one, id: String(Number(one.id) - from) })))
  return Object.create(listener, { heard: { value: heard } })
}

async function deaf(service: Service): Promise<Socket> {
  const socket = connect({ port: service.port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('GET /alerts HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\n\r\n')
  return socket
}

async function rssMibOf({ pid }: Service): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}
