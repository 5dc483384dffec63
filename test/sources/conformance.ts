/**
 * What every source keeps, whatever it reads: run by each of them with the same feeds and the same traffic. A source is
 * described by how its events are handed to it and what it says of a refused one's place.
 */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type DeclaredFeed, defineFeed, integer, kafka, Type, text } from 'groundstation'
import type { Engine, PartitionLogs } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'

export type World = {
  readonly t: TestContext
  readonly engine: Engine & PartitionLogs
  readonly store: Store
  readonly feed: string
}

/** A place for events, made for one test. */
export type Delivery = {
  /** Hands over events, after those of the calls before. Resolves when they are handed over, not before they are stored. */
  deliver(events: readonly string[]): Promise<void>
  /** Reads all of it again from the beginning, as after a crash that forgot how far it was. */
  again(): Promise<void>
  /** What a dead letter says of the place of the event of this number, counted from 0. */
  origin(index: number): unknown
}

export type SourceUnderTest = { readonly name: string; open(world: World): Promise<Delivery> }

const steps = (suffix: string) =>
  defineFeed({
    name: `steps${suffix}`,
    source: kafka({ topic: 'steps' }),
    event: Type.Object({ key: Type.String(), number: Type.Integer({ minimum: 1 }) }),
    identity: { key: 'key', sequence: 'number' },
    tables: { steps: { key: ['key', 'number'], columns: { key: text('key'), number: integer('number') } } },
  })
const readings = (suffix: string) =>
  defineFeed({
    name: `readings${suffix}`,
    source: kafka({ topic: 'readings' }),
    event: Type.Object({ value: Type.Integer() }),
    identity: { position: true },
    tables: { readings: { columns: { value: integer('value') } } },
  })

let worlds = 0

async function newWorld(t: TestContext, feedOf: (suffix: string) => DeclaredFeed): Promise<World> {
  const { declaration } = feedOf(`-${process.pid}-${worlds++}`)
  const store = await openStore(await freshDatabase(t))
  const engine = createEngine({ store, feeds: [compileFeed(declaration)] })
  await engine.start()
  // Last in, first out: the source has stopped by then.
  t.after(async () => {
    await engine.stop()
    await store.close()
  })
  return { t, engine, store, feed: declaration.name }
}

const step = (key: string, number: number) => JSON.stringify({ key, number })
const reading = (value: number) => JSON.stringify({ value })

async function values({ store }: World, sql: string): Promise<unknown[]> {
  return (await store.query(sql)).rows.map(row => Object.values(row)[0])
}

const VALUES = 'select value from readings order by value'
const STEPS = 'select key || number from steps order by key, number'

/** Resolves when the query gives these values, and says what it gave instead. */
async function gives(world: World, sql: string, expected: readonly unknown[]): Promise<void> {
  let found: unknown[] = []
  const same = async () => {
    found = await values(world, sql)
    return JSON.stringify(found) === JSON.stringify(expected)
  }
  await until('the rows are there', same).catch(() => undefined)
  assert.deepEqual(found, expected)
}

/** `skip`: why it can't be run here. */
export function conform(source: SourceUnderTest, skip: string | false = false): void {
  describe(`the source ${source.name}`, () => {
    it('brings each event once, in any order, and none is lost between two deliveries', { skip }, async t => {
      const world = await newWorld(t, steps)
      const { deliver } = await source.open(world)
      await deliver([step('a', 2), step('b', 1), step('a', 1)])
      await deliver([step('a', 3), step('a', 2), step('b', 2)])
      await gives(world, STEPS, ['a1', 'a2', 'a3', 'b1', 'b2'])
    })

    it('tells two equal events from one that is read again', { skip }, async t => {
      const world = await newWorld(t, readings)
      const { deliver, again } = await source.open(world)
      await deliver([reading(1), reading(1), reading(2)])
      await gives(world, VALUES, [1, 1, 2])
      await again()
      await deliver([reading(3)])
      await gives(world, VALUES, [1, 1, 2, 3])
    })

    it('keeps what is refused with its place, and goes on', { skip }, async t => {
      const world = await newWorld(t, readings)
      const { deliver, origin, again } = await source.open(world)
      await deliver([reading(1), 'no JSON', '{"value":"x"}', reading(2)])
      await gives(world, VALUES, [1, 2])
      await again()
      await deliver([reading(3)])
      await gives(world, VALUES, [1, 2, 3])
      const letters = await values(world, 'select source from groundstation.dead_letter order by reason')
      assert.deepEqual(letters, [origin(1), origin(2)])
    })

    it('brings many, some of them larger than a chunk, and keeps their order where they have no other', {
      skip,
    }, async t => {
      const world = await newWorld(t, readings)
      const { deliver } = await source.open(world)
      const many = Array.from({ length: 7_000 }, (_, index) => index)
      await deliver(many.map(reading))
      await gives(world, 'select count(*)::int from readings', [many.length])
      const kept = await values(
        world,
        `select (raw::json ->> 'value')::int from groundstation.event order by lane, position`,
      )
      assert.deepEqual(kept, many)
    })
  })
}
