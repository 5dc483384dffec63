import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type DeclaredFeed, defineFeed, http, integer, Type, text } from 'groundstation'
import type { Engine } from '../../src/engine/contract.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { type IngestOptions, type Input, ingest, type Refused } from '../../src/sources/file/ingest.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { folderWith } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'

const readings = defineFeed({
  name: 'readings',
  source: http({ path: '/readings' }),
  event: Type.Object({ value: Type.Integer() }),
  identity: { position: true },
  tables: { readings: { columns: { value: integer('value') } } },
})

const steps = defineFeed({
  name: 'steps',
  source: http({ path: '/steps' }),
  event: Type.Object({ key: Type.String(), number: Type.Integer({ minimum: 1 }) }),
  identity: { key: 'key', sequence: 'number' },
  tables: { steps: { key: ['key', 'number'], columns: { key: text('key'), number: integer('number') } } },
})

const versions = defineFeed({
  name: 'versions',
  source: http({ path: '/versions' }),
  event: Type.Object({ id: Type.String(), value: Type.Integer() }),
  identity: { snapshot: 'id' },
  tables: { versions: { rows: 'latest', columns: { id: text('id'), value: integer('value') } } },
})

type World = { readonly engine: Engine; readonly store: Store; readonly folder: string }

async function world(t: TestContext, ...feeds: DeclaredFeed[]): Promise<World> {
  const store = await openStore(await freshDatabase(t))
  const engine = createEngine({ store, feeds: feeds.map(({ declaration }) => compileFeed(declaration)) })
  await engine.start()
  t.after(async () => {
    await engine.stop()
    await store.close()
  })
  return { engine, store, folder: await folderWith(t) }
}

/** The totals that aren't zero. */
async function totals({ engine }: World, feed: string, inputs: readonly Input[], more: Partial<IngestOptions> = {}) {
  const all = await ingest({ engine, feed, inputs, eventBytesMax: 1000, ...more })
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}

async function file({ folder }: World, name: string, content: string | Buffer): Promise<Input> {
  const path = join(folder, name)
  await writeFile(path, content)
  return { name, path }
}

async function* chunks(...pieces: (string | Buffer)[]): AsyncGenerator<Buffer, void, undefined> {
  for (const piece of pieces) yield Buffer.from(piece)
}

const lines = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `{"value":${from + index}}\n`).join('')

const valuesOf = async ({ store }: World) =>
  (await store.query('select value from readings order by value')).rows.map(row => row.value)

describe('however a file is laid out', () => {
  const values = [{ value: 1 }, { value: 2 }]
  const layouts: [string, string | Buffer][] = [
    ['NDJSON', '{"value":1}\n\n{"value":2}'],
    ['an array', JSON.stringify(values)],
    ['a pretty array', JSON.stringify(values, null, 2)],
    ['an array behind a byte order mark', `\ufeff${JSON.stringify(values)}`],
    ['gzip', gzipSync('{"value":1}\r\n{"value":2}\r\n')],
    ['gzip in two members', Buffer.concat([gzipSync('{"value":1}\n'), gzipSync('{"value":2}\n')])],
  ]
  for (const [name, content] of layouts)
    test(name, async t => {
      const w = await world(t, readings)
      assert.deepEqual(await totals(w, 'readings', [await file(w, 'a', content)]), { accepted: 2 })
      assert.deepEqual(await valuesOf(w), [1, 2])
    })

  test('one object over several lines, and an empty file', async t => {
    const w = await world(t, readings)
    assert.deepEqual(await totals(w, 'readings', [await file(w, 'a', '{\n  "value": 7\n}\n')]), { accepted: 1 })
    assert.deepEqual(await totals(w, 'readings', [await file(w, 'b', '')]), {})
  })
})

describe('events without an identity of their own', () => {
  test('the same file again adds nothing, whatever it is called; two equal lines are two rows', async t => {
    const w = await world(t, readings)
    const content = `${lines(3)}{"value":0}\n`
    assert.deepEqual(await totals(w, 'readings', [await file(w, 'a', content)]), { accepted: 4 })
    assert.deepEqual(await totals(w, 'readings', [await file(w, 'b', content)]), { duplicate: 4 })
    assert.deepEqual(await totals(w, 'readings', [{ name: 'stdin', stream: chunks(content) }]), { duplicate: 4 })
    assert.deepEqual(await valuesOf(w), [0, 0, 1, 2])
  })

  test('a file that was half read is gone on with, exactly once', async t => {
    const w = await world(t, readings)
    const content = lines(12_000)
    const input = await file(w, 'a', content)
    const stopping = new AbortController()
    const onProgress = () => stopping.abort()
    await assert.rejects(totals(w, 'readings', [input], { signal: stopping.signal, onProgress }), {
      name: 'AbortError',
    })
    const { accepted = 0, duplicate = 0 } = await totals(w, 'readings', [input])
    assert.equal(accepted + duplicate, 12_000)
    assert.ok(duplicate >= 5_000 && accepted > 0, `${duplicate} were in`)
    assert.deepEqual(
      await valuesOf(w),
      Array.from({ length: 12_000 }, (_, index) => index),
    )
  })

  test('two processes at once store it once', async t => {
    const w = await world(t, readings)
    const input = await file(w, 'a', lines(12_000))
    const [one, other] = await Promise.all([totals(w, 'readings', [input]), totals(w, 'readings', [input])])
    assert.equal((one.accepted ?? 0) + (other.accepted ?? 0), 12_000)
    assert.equal((await valuesOf(w)).length, 12_000)
  })

  test('a file that grows is gone on with under its name', async t => {
    const w = await world(t, readings)
    const input = await file(w, 'a', lines(6_000))
    assert.deepEqual(await totals(w, 'readings', [input], { as: 'log' }), { accepted: 6_000 })
    await appendFile(input.path ?? '', lines(6_000, 6_000))
    assert.deepEqual(await totals(w, 'readings', [input], { as: 'log' }), { accepted: 6_000, duplicate: 6_000 })
    assert.equal((await valuesOf(w)).length, 12_000)
  })

  test('another file under the same name is refused, and nothing of it is stored', async t => {
    const w = await world(t, readings)
    await totals(w, 'readings', [await file(w, 'a', lines(10))], { as: 'log' })
    const other = await file(w, 'b', `{"value":99}\n${lines(20)}`)
    const conflict = {
      code: 'SOURCE_CONFLICT',
      message: /^The log 'log' is stored up to its event 10, and this input's/,
    }
    await assert.rejects(totals(w, 'readings', [other], { as: 'log' }), conflict)
    const shorter = await file(w, 'c', lines(5))
    await assert.rejects(totals(w, 'readings', [shorter], { as: 'log' }), { message: /this input ends at 5/ })
    assert.equal((await valuesOf(w)).length, 10)
  })

  test('a file is known by the digest of its bytes', async t => {
    const w = await world(t, readings)
    const content = lines(3)
    await totals(w, 'readings', [await file(w, 'a', content)])
    const name = `file:${createHash('sha256').update(content).digest('hex')}`
    const known = await w.engine.log('readings', name)
    assert.equal(known?.nextOffset, 3)
    assert.equal(known?.isComplete, true)
    assert.deepEqual(known?.digest, createHash('sha256').update(content).digest())
  })

  test('what is refused is told each time, and kept once', async t => {
    const w = await world(t, readings)
    const input = await file(w, 'a', `{"value":1}\n{"value":"x"}\n{"value":${'1'.repeat(2000)}}\n{"value":2}\n{"va`)
    for (const stored of ['accepted', 'duplicate']) {
      const refused: Refused[] = []
      const found = await totals(w, 'readings', [input], { onRefused: one => void refused.push(one) })
      assert.deepEqual(found, { [stored]: 2, rejected: 3 })
      assert.deepEqual(refused.map(one => [one.event, one.deadLetter === undefined ? 'not kept' : 'kept']).sort(), [
        [2, 'kept'],
        [3, 'not kept'],
        [5, 'kept'],
      ])
    }
    const { rows } = await w.store.query(
      "select count, source from groundstation.dead_letters order by source ->> 'event'",
    )
    assert.deepEqual(rows, [
      { count: 2, source: { file: 'a', event: 2 } },
      { count: 2, source: { file: 'a', event: 5 } },
    ])
  })
})

describe('events with an identity', () => {
  test('are stored once by it, in whatever file they come', async t => {
    const w = await world(t, steps)
    const one = await file(w, 'a', '{"key":"a","number":1}\n{"key":"a","number":3}\n')
    const two = await file(w, 'b', '[{"key":"a","number":2},{"key":"a","number":1}]')
    assert.deepEqual(await totals(w, 'steps', [one]), { accepted: 1, held: 1 })
    assert.deepEqual(await totals(w, 'steps', [one, two]), { accepted: 1, duplicate: 3 })
  })

  test('versions keep their order over many chunks', async t => {
    const w = await world(t, versions)
    const content = Array.from({ length: 40_000 }, (_, index) => `{"id":"${index % 7}","value":${index}}\n`).join('')
    assert.deepEqual(await totals(w, 'versions', [await file(w, 'a', content)]), { accepted: 40_000 })
    const { rows } = await w.store.query('select value from versions order by value')
    assert.deepEqual(
      rows.map(row => row.value),
      [39_993, 39_994, 39_995, 39_996, 39_997, 39_998, 39_999],
    )
  })
})

describe('standard input', () => {
  test('is taken as it comes: what is there is stored while the sender pauses', async t => {
    const w = await world(t, steps)
    const paused = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from('{"key":"a","number":1}\n{"key":"a","num')
      await paused.promise
      yield Buffer.from('ber":2}\n')
    }
    const onProgress = () => paused.resolve()
    assert.deepEqual(await totals(w, 'steps', [{ name: 'stdin', stream: slow() }], { onProgress }), { accepted: 2 })
  })

  test('under a name it may grow from run to run', async t => {
    const w = await world(t, readings)
    const run = (content: string) => totals(w, 'readings', [{ name: 'stdin', stream: chunks(content) }], { as: 'log' })
    assert.deepEqual(await run(lines(2)), { accepted: 2 })
    assert.deepEqual(await run(lines(3)), { accepted: 1, duplicate: 2 })
  })
})

describe('what can’t be read is said', () => {
  test('a missing file, a folder, a gzip that was cut off', async t => {
    const w = await world(t, steps)
    const unreadable = (message: RegExp) => ({ code: 'FILE_UNREADABLE', message })
    await assert.rejects(totals(w, 'steps', [{ name: 'x', path: join(w.folder, 'x') }]), unreadable(/ENOENT/))
    await assert.rejects(totals(w, 'steps', [{ name: 'x', path: w.folder }]), unreadable(/is a folder/))
    const whole = gzipSync('{"key":"a","number":1}\n'.repeat(100))
    await assert.rejects(totals(w, 'steps', [await file(w, 'a', whole.subarray(0, -9))]), unreadable(/unexpected end/))
  })

  test('two files under one name', async t => {
    const w = await world(t, readings)
    const input = await file(w, 'a', lines(1))
    await assert.rejects(totals(w, 'readings', [input, input], { as: 'log' }), { code: 'USAGE' })
  })
})
