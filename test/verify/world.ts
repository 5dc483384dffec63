import type { TestContext } from 'node:test'
import type { Engine, Outcome } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { type CompiledFeed, compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { replayFeed } from '../../src/replay/replay.ts'
import type { ReplayOptions, ReplayReport } from '../../src/replay/report.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import type { VerifyReport } from '../../src/verify/report.ts'
import { verifyFeed } from '../../src/verify/verify.ts'
import { freshDatabase } from '../database.ts'

/** A database with a feed at work in it, and everything that the tests of this folder do to it. */
export type World = {
  readonly url: string
  readonly store: Store
  readonly engine: Engine
  readonly feed: CompiledFeed
  post(...events: readonly unknown[]): Promise<Outcome[]>
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  verify(limit?: number): Promise<VerifyReport>
  replay(options?: Partial<ReplayOptions>): Promise<ReplayReport>
}

export async function world(
  t: TestContext,
  declared: DeclaredFeed,
  options: { sweepMs?: number } = {},
): Promise<World> {
  const url = await freshDatabase(t)
  const feed = compileFeed(declared.declaration)
  return worldAt(t, url, feed, options)
}

export async function worldAt(
  t: TestContext,
  url: string,
  feed: CompiledFeed,
  { sweepMs = 3_600_000 }: { sweepMs?: number } = {},
): Promise<World> {
  const store = await openStore(url)
  const engine = createEngine({ store, feeds: [feed], sweepMs })
  await engine.start()
  t.after(async () => {
    await engine.stop()
    await store.close()
  })
  return {
    url,
    store,
    engine,
    feed,
    post: (...events) =>
      engine.submit(feed.name, {
        events: events.map(event => Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))),
        origin: { http: '/test' },
      }),
    sql: async (text, values = []) => (await store.query(text, values)).rows,
    verify: (limit = 20) => verifyFeed({ store, feed, limit }),
    replay: (replay = {}) => replayFeed({ store, feed, ...replay }),
  }
}

/** What a report found, in one line a difference. */
export const found = ({ differences }: VerifyReport): string[] =>
  differences.map(({ place, what, sequence }) => `${place} ${what}${sequence === undefined ? '' : ` ${sequence}`}`)
