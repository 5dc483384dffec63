import { setTimeout as delay } from 'node:timers/promises'
import { openStore, type Store } from '../../src/store/store.ts'
import { assertSame, type Bench, thousands } from '../bench.ts'
import { type Cost, describeCost, startCost } from '../cost.ts'
import { assertStored } from '../destination.ts'
import { profileOf } from '../options.ts'
import { type Product, startProduct } from '../product.ts'
import { type Cluster, recordsIn, roleOf } from './cluster.ts'

export const DATABASE = 'bench_kafka'

/** A topic with all of its records, of which so many are different events. */
export type Filled = {
  readonly topic: string
  readonly events: number
  /** Another feed's file than the rockets'. */
  readonly feed?: string
  /** Its profile's. */
  readonly name?: string
}

export type Reading = {
  /** From the first event on the record to the last. */
  readonly seconds: number
  readonly spent: string
  readonly rssMib: { readonly atThird: number; readonly atEnd: number }
}

const POLL_MS = 20
const STALLED_MS = 60_000

const STORED = `select coalesce(sum(position), 0)::int as events,
  extract(epoch from clock_timestamp())::double precision as at from groundstation.lane`
const FIRST = 'select extract(epoch from min(recorded))::double precision as at from groundstation.event'
const LEFT = `select (select count(*) from groundstation.gaps) as gaps, (select count(*) from groundstation.held) as held,
  (select count(*) from groundstation.dead_letters) as letters,
  (select coalesce(sum(next_offset), 0) from groundstation.source where place is not null) as offsets`

/** A worker of its own reads the topic into an empty database; what should be there is counted. */
export async function readTopic(bench: Bench, cluster: Cluster, filled: Filled): Promise<Reading> {
  const { server, options, blank } = bench
  const profile = profileOf(options, filled.name ?? 'worker')
  const url = await server.make(DATABASE, blank)
  await server.settle()
  const store = await openStore(url, { connectionsMax: 1 })
  try {
    const product = await startProduct({ url }, profile, roleOf('worker', cluster, filled.topic, filled.feed))
    try {
      const { endedAt, ...reading } = await watch(store, product, cluster, filled.events)
      const [first] = (await store.query(FIRST)).rows
      const seconds = endedAt - Number(first?.at)
      await assertRead(bench, cluster, filled)
      bench.say(`worker ${thousands(filled.events / seconds)} events/s; ${reading.spent}`)
      return { ...reading, seconds }
    } finally {
      await product.stop()
    }
  } finally {
    await store.close()
  }
}

/** Until everything is on the record, by the lanes' positions, which are eight rows to add up. */
async function watch(store: Store, product: Product, cluster: Cluster, events: number) {
  let atThird: number | undefined
  let cost: (() => Promise<Cost>) | undefined
  let seen = 0
  let begun = 0
  let movedMs = performance.now()
  for (;;) {
    const [row] = (await store.query(STORED, [], 'stored')).rows
    const stored = Number(row?.events)
    if (stored !== seen) movedMs = performance.now()
    if (performance.now() - movedMs > STALLED_MS) throw new Error(`the worker stands still at ${thousands(stored)}`)
    seen = stored
    if (cost === undefined && stored > 0) {
      begun = stored
      cost = await startCost(product.pid, cluster.pid)
    }
    if (stored >= events / 3) atThird ??= await product.rssMib()
    if (cost !== undefined && stored >= events) {
      const spent = describeCost(await cost(), events - begun)
      const atEnd = await product.rssMib()
      return { endedAt: Number(row?.at), spent, rssMib: { atThird: atThird ?? atEnd, atEnd } }
    }
    await delay(POLL_MS)
  }
}

/** Each event once, nothing given up, nothing waiting, and the offsets behind the last record. */
async function assertRead(bench: Bench, cluster: Cluster, { topic, events }: Filled): Promise<void> {
  await assertStored(bench, DATABASE, events)
  const [left] = await bench.server.query(DATABASE, LEFT)
  assertSame('the holes, released ones among them, whose number', left?.gaps, 0)
  assertSame("the held events' number", left?.held, 0)
  assertSame("the dead letters' number", left?.letters, 0)
  assertSame("the offsets' sum", left?.offsets, recordsIn(await cluster.ends(topic)))
}
