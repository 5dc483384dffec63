import { after } from 'node:test'
import type { Engine, Outcome, PartitionLogs } from '../../src/engine/contract.ts'
import { createEngine, type EngineOptions } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { openStore, type Row, type Store } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'

/** One engine over a database of its own, with the feeds given. */
export type Ground = {
  readonly engine: Engine & PartitionLogs
  readonly store: Store
  readonly url: string
  /** Submits JSON texts and gives their outcomes. */
  send(feed: string, ...events: readonly string[]): Promise<Outcome[]>
  rows(sql: string, ...values: readonly unknown[]): Promise<Row[]>
  /** The first column of the first row. */
  value(sql: string, ...values: readonly unknown[]): Promise<unknown>
}

export type GroundOptions = Partial<Omit<EngineOptions, 'store' | 'feeds'>> & { readonly connectionsMax?: number }

/** Sweeps are asked for by their time; a test that wants none sets it far away. */
export const NO_SWEEP = 3_600_000

export async function openGround(
  url: string,
  feeds: readonly DeclaredFeed[],
  { connectionsMax = 4, ...options }: GroundOptions = {},
): Promise<Ground> {
  const store = await openStore(url, { connectionsMax })
  const compiled = feeds.map(({ declaration }) => compileFeed(declaration))
  const engine = createEngine({ sweepMs: NO_SWEEP, ...options, store, feeds: compiled })
  after(async () => {
    await engine.stop()
    await store.close()
  })
  await engine.start()
  const rows = async (sql: string, ...values: readonly unknown[]) => (await store.query(sql, values)).rows
  return {
    engine,
    store,
    url,
    send: (feed, ...events) =>
      engine.submit(feed, { events: events.map(json => Buffer.from(json)), origin: { test: 'engine' } }),
    rows,
    value: async (sql, ...values) => Object.values((await rows(sql, ...values))[0] ?? {})[0],
  }
}

export async function newGround(feeds: readonly DeclaredFeed[], options: GroundOptions = {}): Promise<Ground> {
  return openGround(await freshDatabase({ after }), feeds, options)
}
