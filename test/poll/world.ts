import type { TestContext } from 'node:test'
import { type DeclaredFeed, defineFeed, json, Type, text } from 'groundstation'
import type { Engine, PartitionLogs, Polls } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { type PollSource, poll } from '../../src/feed/poll.ts'
import { type ClientOptions, PollClient } from '../../src/sources/poll/client.ts'
import { pollNow } from '../../src/sources/poll/poller.ts'
import type { PollReport, RunOptions } from '../../src/sources/poll/run.ts'
import { openStore, type Row } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { NO_SWEEP } from '../engine/ground.ts'

/** Waits that are told, not waited for. */
export type Waits = { readonly waits: number[] }

export type World = Waits & {
  readonly url: string
  readonly engine: Engine & PartitionLogs & Polls
  /** One poll now. */
  poll(stop?: AbortSignal, disturbs?: boolean): Promise<PollReport>
  readonly run: RunOptions
  rows(sql: string, ...values: readonly unknown[]): Promise<Row[]>
  value(sql: string, ...values: readonly unknown[]): Promise<unknown>
}

export const things = (source: Omit<PollSource, 'kind'>): DeclaredFeed =>
  defineFeed({
    name: 'things',
    source: poll(source),
    event: Type.Object({ id: Type.String({ minLength: 1 }) }),
    identity: { snapshot: 'id' },
    tables: { things: { rows: 'latest', columns: { id: text('id'), raw: json('') } } },
  })

export type Opening = { readonly url?: string; readonly environment?: ReadonlyMap<string, string> } & ClientOptions

/** A feed that is polled, on a database of its own. A second world on its URL is another process's. */
export async function openWorld(t: TestContext, declared: DeclaredFeed, opening: Opening = {}): Promise<World> {
  const { environment, url = await freshDatabase(t), ...clientOptions } = opening
  const store = await openStore(url, { connectionsMax: 4 })
  const feed = compileFeed(declared.declaration, environment)
  const engine = createEngine({ store, feeds: [feed], sweepMs: NO_SWEEP })
  const polled = feed.source.poll
  if (polled === undefined) throw new TypeError('the feed is off')
  const client = new PollClient(polled, clientOptions)
  t.after(async () => {
    await client.close()
    await engine.stop()
    await store.close()
  })
  await engine.start()
  const waits: number[] = []
  const chance = {
    delay: async (ms: number) => void waits.push(ms),
    random: () => 0.5,
  }
  const run: RunOptions = { engine, feed: feed.name, poll: polled, client, eventBytesMax: 2 ** 20, chance }
  const rows = async (sql: string, ...values: readonly unknown[]) => (await store.query(sql, values)).rows
  return {
    url,
    engine,
    run,
    waits,
    rows,
    poll: (stop = new AbortController().signal, disturbs = false) => pollNow(run, stop, disturbs),
    value: async (sql, ...values) => Object.values((await rows(sql, ...values))[0] ?? {})[0],
  }
}

/** The counts of a report, in their order: new, changed, unchanged, rejected. */
export const countsOf = (report: PollReport): number[] => [
  report.new,
  report.changed,
  report.unchanged,
  report.rejected,
]
