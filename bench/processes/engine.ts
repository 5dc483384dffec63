/** The engine in a process of its own, with its events in memory before the clock starts. */
import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import rockets from '../../feeds/rockets.ts'
import type { Engine } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { openStore } from '../../src/store/store.ts'
import { Fleet } from '../load/fleet.ts'
import { rocketBytes } from '../load/rockets.ts'
import { serve } from './serve.ts'

export type Run = {
  readonly seconds: number
  readonly outcomes: Readonly<Record<string, number>>
}
type Target = { readonly url: string; readonly writers: number }
export type Pace = { readonly batch: number; readonly inFlight: number; readonly profile?: string | undefined }

let events: readonly Buffer[] = []
let fleet: Fleet | undefined

const handlers = {
  /** Declares the feed in an empty database, and leaves it. */
  declare: (target: Target) => withEngine(target, async () => undefined),
  prepare: async (traffic: { seed: number; events: number; keys: number }) => {
    events = rocketBytes(traffic)
  },
  /** The launches of a fleet, whose further messages come by `fly`. */
  muster: async ({ seed, keys }: { seed: number; keys: number }) => {
    fleet = new Fleet(seed, keys)
    events = fleet.launches()
  },
  fly: async ({ count }: { count: number }) => {
    events = fleet?.messages(count) ?? []
  },
  submit: (how: Target & Pace) => withEngine(how, engine => profiled(how.profile, () => submitAll(engine, how))),
}
export type EngineMethods = typeof handlers

async function withEngine<Result>({ url, writers }: Target, work: (engine: Engine) => Promise<Result>) {
  const store = await openStore(url, { log: console.error })
  const log = (level: string, message: string): void => {
    if (level !== 'info') console.error(message)
  }
  const engine = createEngine({ store, feeds: [compileFeed(rockets.declaration)], writers, log })
  try {
    await engine.start()
    return await work(engine)
  } finally {
    await engine.stop()
    await store.close()
  }
}

async function submitAll(engine: Engine, { batch, inFlight }: Pace): Promise<Run> {
  const outcomes: Record<string, number> = {}
  const started = performance.now()
  let at = 0
  const lane = async (): Promise<void> => {
    while (at < events.length) {
      const chunk = events.slice(at, at + batch)
      at += batch
      await engine.room('rockets')
      const told = await engine.submit('rockets', { events: chunk, origin: { bench: 'copy' } })
      for (const { outcome } of told) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const seconds = (performance.now() - started) / 1000
  return { seconds, outcomes }
}

async function profiled<Result>(file: string | undefined, work: () => Promise<Result>): Promise<Result> {
  if (file === undefined) return work()
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 500 })
  await session.post('Profiler.start')
  const result = await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  await writeFile(file, JSON.stringify(profile))
  return result
}

serve(handlers)
