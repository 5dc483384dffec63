/** Runs with listeners: two services against one database, killed and stopped in turn, while clients come and go. */
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createChannels } from '../../simulators/rockets/channel.ts'
import { createRandom } from '../../simulators/rockets/random.ts'
import { checkAlerts, checkChanges, isThrough, toTell } from './check-streams.ts'
import type { Violation } from './checker.ts'
import type { History } from './history.ts'
import { Listener } from './listener.ts'
import { type Run, runLoad } from './load.ts'
import { eachFault, type RunOptions } from './runs.ts'
import { newService, type Service } from './service.ts'

export type LiveRunOptions = RunOptions & {
  /** Of alerts, of all states and of one rocket's. */
  readonly listeners: number
  readonly toldWithinMs?: number
}

const FEED = 'test/faults/loud-rockets.ts'

export async function liveRun(t: TestContext, options: LiveRunOptions): Promise<Run> {
  const databaseUrl = await options.cluster.newDatabase()
  const env = { ...options.service?.env, STREAMS_PER_USER_MAX: '10000' }
  const common = { databaseUrl, ...options.service, env, program: 'start', args: [FEED] } as const
  const services = [await newService(t, common), await newService(t, common)]
  await Promise.all(services.map(service => service.start()))
  const listeners = listenersOf(options, services)
  const listening = listeners.map(listener => listener.run())
  try {
    const run = await runLoad({
      ...options,
      services,
      databaseUrl,
      faults: (history, random) =>
        eachFault(options, history, random, async index => {
          const service = services[index % 2] as Service
          if (random.chance(0.5)) await service.kill()
          else await service.stop(random.chance(0.5) ? 'SIGTERM' : 'SIGINT')
          await service.start()
        }),
    })
    return { ...run, violations: [...run.violations, ...(await told(options, run.history, listeners))] }
  } finally {
    for (const listener of listeners) listener.stop()
    await Promise.all(listening)
    t.diagnostic(
      `${listeners.length} listeners, ${listeners.reduce((sum, { connections }) => sum + connections, 0)} connections, ` +
        `${listeners.reduce((sum, { heard }) => sum + heard.flat().length, 0)} messages`,
    )
  }
}

function listenersOf({ seed, listeners, rockets = 12 }: LiveRunOptions, services: readonly Service[]): Listener[] {
  const channelOf = createChannels(seed)
  return Array.from({ length: listeners }, (_, index) => {
    const random = createRandom(seed, `listener ${index}`)
    const kind = index % 4
    const forgets = index % 8 >= 4
    if (kind < 2) return new Listener({ path: '/alerts', random, services, forgets, lastId: '0' })
    const path = kind === 2 ? '/rockets' : `/rockets/${channelOf(index % rockets)}`
    return new Listener({ path, random, services, forgets })
  })
}

async function told(options: LiveRunOptions, history: History, listeners: readonly Listener[]): Promise<Violation[]> {
  const all = toTell(history)
  const deadline = performance.now() + (options.toldWithinMs ?? 10_000)
  const isMissing = (listener: Listener) => !isThrough(all, listener)
  while (performance.now() < deadline && listeners.some(isMissing)) await delay(50)
  const [alerts = [], changes = []] = [true, false].map(isAlerts =>
    listeners.filter(({ path }) => (path === '/alerts') === isAlerts),
  )
  const missing = listeners
    .filter(isMissing)
    .map(({ path, lastId }): Violation => ({ promise: 'S', text: `${path} wasn't told to its end, only to ${lastId}` }))
  return [...checkAlerts(all, alerts), ...checkChanges(all, changes), ...missing]
}
