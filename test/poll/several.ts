import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Engine } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { PollClient } from '../../src/sources/poll/client.ts'
import { pollNow } from '../../src/sources/poll/poller.ts'
import type { PollReport } from '../../src/sources/poll/run.ts'
import { openStore, type Row } from '../../src/store/store.ts'
import { verifyFeed } from '../../src/verify/verify.ts'
import { freshDatabase } from '../database.ts'
import { NO_SWEEP } from '../engine/ground.ts'
import { found } from '../verify/world.ts'

/** Feeds that belong together, polling one API. */
export type Several = {
  readonly engine: Engine
  /** One poll of each feed, in this order. */
  poll(order?: readonly string[]): Promise<PollReport[]>
  rows(sql: string): Promise<Row[]>
  /** What differs from the record, of all feeds. */
  differences(): Promise<string[]>
}

type Opening = {
  /** What all their names begin with. */
  readonly prefix: string
  readonly order: readonly string[]
  readonly settings: Readonly<Record<string, string>>
}

/** Polled feeds on a database of their own. */
export async function openSeveral(
  t: TestContext,
  feeds: readonly DeclaredFeed[],
  { prefix, order: all, settings }: Opening,
): Promise<Several> {
  const store = await openStore(await freshDatabase(t), { connectionsMax: 4 })
  const environment = new Map(Object.entries(settings))
  const compiled = feeds.map(({ declaration }) => compileFeed(declaration, environment))
  const engine = createEngine({ store, feeds: compiled, sweepMs: NO_SWEEP })
  const stopping = new AbortController()
  t.after(async () => {
    stopping.abort()
    await engine.stop()
    await store.close()
  })
  await engine.start()
  const chance = { delay: async () => undefined, random: () => 0.5 }
  const pollOne = async (name: string) => {
    const feed = compiled.find(one => one.name === `${prefix}${name}`)
    assert.ok(feed?.source.poll)
    const client = new PollClient(feed.source.poll)
    const run = { engine, feed: feed.name, poll: feed.source.poll, client, eventBytesMax: 2 ** 20, chance }
    return pollNow(run, stopping.signal).finally(() => client.close())
  }
  return {
    engine,
    poll: async (order = all) => {
      const reports: PollReport[] = []
      for (const name of order) reports.push(await pollOne(name))
      return reports
    },
    rows: async sql => (await store.query(sql, [])).rows,
    differences: async () =>
      (await Promise.all(compiled.map(feed => verifyFeed({ store, feed, limit: 5 })))).flatMap(found),
  }
}
