import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { defineFeed, json as jsonColumn, poll, Type, text } from 'groundstation'
import { createRandom } from '../../simulators/rockets/random.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { cutItems } from '../../src/sources/poll/cut.ts'
import { glanceKeys, nameOfKey } from '../../src/sources/poll/glance.ts'
import { Poller, pollNow } from '../../src/sources/poll/poller.ts'
import { seedOf } from '../seed.ts'
import { until } from '../until.ts'
import { type Answering, openApi } from './api.ts'
import { countsOf, openWorld, things, type World } from './world.ts'

const list = (...items: string[]): Answering => {
  const body = `[${items.join(',')}]`
  return (_request, response) => void response.end(body)
}

/** Polls an API that answers with these items; the counts of new, changed, unchanged and rejected, and how many were read. */
async function polling(t: TestContext) {
  const api = await openApi(t)
  const world = await openWorld(t, things({ url: api.url, every: '1h' }))
  const polled = async (...items: string[]) => {
    api.answer(list(...items))
    return pollAndCount(world)
  }
  return { api, world, polled }
}

async function pollAndCount({ run, engine }: World): Promise<number[]> {
  let read = 0
  const submit: typeof engine.submit = (feed, submission) => {
    read += submission.events.length
    return engine.submit(feed, submission)
  }
  const report = await pollNow({ ...run, engine: { ...engine, submit } }, new AbortController().signal)
  return [...countsOf(report), read]
}

const versions = async ({ rows }: World, key = 'a') =>
  (await rows('select raw from groundstation.record where key = $1 order by sequence', key)).map(({ raw }) => raw)

const A = '{"id":"a","n":1}'
const B = '{"id":"a","n":2}'
const OTHER = '{"id":"b"}'

describe('what has not changed', () => {
  it('is not read, and nothing is written but how far the poll is', async t => {
    const { world, polled } = await polling(t)
    assert.deepEqual(await polled(A, OTHER), [2, 0, 0, 0, 2])
    const stored = () =>
      world.rows(
        `select (select jsonb_agg(to_jsonb(l) order by lane) from groundstation.lane l) as lanes,
           (select jsonb_agg(jsonb_build_array(key, xmin::text) order by key) from groundstation.key_1) as keys,
           (select count(*) from groundstation.event) as events`,
      )
    const before = await stored()
    assert.deepEqual(await polled(A, OTHER), [0, 0, 2, 0, 0])
    assert.deepEqual(await stored(), before)
    assert.deepEqual(await world.rows('select run, unchanged, is_complete from groundstation.poll_run where run = 2'), [
      { run: 2, unchanged: 2, is_complete: true },
    ])
    assert.equal(await world.value("select next_offset from groundstation.source where name = 'poll'"), 2)
    assert.deepEqual(await polled(OTHER, B), [0, 1, 1, 0, 1])
  })

  it('is compared with the latest version: A, B and A are three', async t => {
    const { world, polled } = await polling(t)
    await polled(A)
    assert.deepEqual(await polled(B), [0, 1, 0, 0, 1])
    assert.deepEqual(await polled(A), [0, 1, 0, 0, 1])
    assert.deepEqual(await polled(A), [0, 0, 1, 0, 0])
    assert.deepEqual(await versions(world), [A, B, A])
  })

  it('is read where its page has the key twice', async t => {
    const { world, polled } = await polling(t)
    await polled(A, OTHER)
    assert.deepEqual(await polled(B, OTHER, A), [0, 2, 1, 0, 2])
    assert.deepEqual(await polled(A, '{"\\u0069d":"a","n":2}', A), [0, 2, 1, 0, 3])
    assert.equal((await versions(world)).length, 5)
  })

  it('is told from items that share an id with another of their page, and say something else: they are counted', async t => {
    const { world, polled } = await polling(t)
    const told = async (...items: string[]) => {
      await polled(...items)
      const poll = await world.poll()
      return [poll.shared, ...countsOf(poll), poll.isComplete]
    }
    assert.deepEqual(await told(A, OTHER), [0, 0, 0, 2, 0, true])
    assert.deepEqual(await told(A, B, OTHER, A, B), [3, 0, 4, 1, 0, true])
    const same = '{"n":2,"id":"a"}'
    assert.deepEqual(await told(B, same, OTHER, OTHER), [0, 0, 0, 4, 0, true])
    await polled('{"id":7}', '{"id":7,"n":1}', A, B)
    const { shared, hint } = await world.poll()
    assert.deepEqual(
      [shared, hint],
      [1, "1 item shares an id with another of its page: is 'id' what tells them apart?"],
    )
    const runs = 'select shared from groundstation.poll_run order by run'
    assert.deepEqual(
      (await world.rows(runs)).map(one => one.shared),
      [0, 0, 3, 3, 0, 0, 1, 1],
    )
  })

  it('is told once a poll in the log, where items share an id, and nothing of what they say', async t => {
    const { api, world } = await polling(t)
    api.answer(list(A, B, A))
    const told: string[] = []
    const log = (level: string, message: string) => told.push(`${level} ${message}`)
    const poller = new Poller({ ...world.run, log })
    poller.start()
    t.after(() => poller.stop())
    await until('it has polled', async () => told.length > 0)
    await poller.stop()
    assert.equal(told.length, 1)
    assert.match(
      told[0] ?? '',
      /^warn things: 1 new, 2 changed, 0 unchanged, 0 rejected; 1 request in [\d.]+ s; 2 items share an id with another of their page: is 'id' what tells them apart\?$/,
    )
  })

  it('is compared with what the page before it brought', async t => {
    const pages = [
      [A, OTHER],
      [B, OTHER],
    ]
    const api = await openApi(t, (request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'))
      response.end(`{"docs":[${pages[page - 1]}],"more":${page < pages.length}}`)
    })
    const paged = { url: api.url, every: '1h', items: 'docs', pages: { page: 'page', more: 'more' } }
    const world = await openWorld(t, things(paged))
    assert.deepEqual(await pollAndCount(world), [2, 1, 1, 0, 3])
    pages.splice(0, 2, [B, OTHER], [A], [A, '{"id":"c"}'])
    assert.deepEqual(await pollAndCount(world), [1, 1, 3, 0, 2])
    assert.deepEqual(await versions(world), [A, B, A])
  })

  it('is not what a post, or a dead letter that was replayed, has changed since', async t => {
    const { world, polled } = await polling(t)
    await polled(A, '{"id":""}')
    await world.engine.submit('things', { events: [Buffer.from(B)], origin: {} })
    assert.deepEqual(await polled(A), [0, 1, 0, 0, 1])
    assert.deepEqual(await polled(A), [0, 0, 1, 0, 0])
    const letter = Number(await world.value('select id from groundstation.dead_letters'))
    await world.engine.submit('things', { events: [Buffer.from(B)], origin: {}, corrects: letter })
    assert.deepEqual(await polled(A), [0, 1, 0, 0, 1])
    assert.deepEqual(await versions(world), [A, B, A, B, A])
  })

  it('is so in other bytes as well, which are read once', async t => {
    const { world, polled } = await polling(t)
    const other = '{ "n": 1.0, "id": "\\u0061" }'
    await polled(A)
    assert.deepEqual(await polled(other), [0, 0, 1, 0, 1])
    assert.deepEqual(await polled(other), [0, 0, 1, 0, 0])
    assert.deepEqual(await polled(A), [0, 0, 1, 0, 1])
    assert.deepEqual(await polled(B), [0, 1, 0, 0, 1])
    assert.deepEqual(await polled(other), [0, 1, 0, 0, 1])
    assert.deepEqual(await versions(world), [A, B, other])
  })

  it('is read once where nothing is proved of it: by an older version of the program, or by another declaration', async t => {
    const { api, world, polled } = await polling(t)
    /** As another process does it. */
    const change = async (sql: string) => {
      await world.rows(sql)
      await world.rows('update groundstation.lane set version = version + 1')
    }
    await polled(A, OTHER)
    await change('update groundstation.key set raw_digest = null')
    assert.deepEqual(await polled(A, OTHER), [0, 0, 2, 0, 2])
    assert.deepEqual(await polled(A, OTHER), [0, 0, 2, 0, 0])
    // One that knows nothing of proofs has written another version, and left the proof of this one.
    await change("update groundstation.key set digest = '\\x00' where key = 'a'")
    assert.deepEqual(await polled(A, OTHER), [0, 1, 1, 0, 1])
    const strict = defineFeed({
      name: 'things',
      source: poll({ url: api.url, every: '1h' }),
      event: Type.Object({ id: Type.String({ minLength: 1 }), n: Type.Integer() }),
      identity: { snapshot: 'id' },
    })
    const second = await openWorld(t, strict, { url: world.url })
    assert.deepEqual(await pollAndCount(second), [0, 0, 1, 1, 2])
  })

  it('is not counted by who has lost the poll to another', async t => {
    const { api, world, polled } = await polling(t)
    await polled(A)
    const taken = new Promise<void>((resolve, reject) => {
      api.answer((_request, response) => {
        world
          .rows("update groundstation.source set epoch = epoch + 1 where name = 'poll'")
          .then(() => response.end(`[${A}]`))
          .then(() => resolve(), reject)
      })
    })
    await assert.rejects(world.poll(), { code: 'SOURCE_FENCED' })
    await taken
  })
})

describe('a glance at an item', () => {
  const feedOf = (path: string, key: ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>) =>
    compileFeed(
      defineFeed({
        name: 'things',
        source: poll({ url: 'http://127.0.0.1/', every: '1h' }),
        event: path.includes('.') ? Type.Object({ meta: Type.Object({ id: key }) }) : Type.Object({ id: key }),
        identity: { snapshot: path as 'id' },
        tables: { things: { rows: 'latest', columns: { id: text(path as 'id'), raw: jsonColumn('') } } },
      } as never).declaration,
    )
  const feeds = [
    feedOf('id', Type.String()),
    feedOf('id', Type.String({ format: 'uuid' })),
    feedOf('id', Type.Integer()),
    feedOf('meta.id', Type.String()),
  ]

  it('tells the key that reading it would', t => {
    const random = createRandom(seedOf(t, import.meta.filename), 'glances')
    const pick = (...texts: readonly string[]) => texts[random.below(texts.length)] ?? ''
    const some = (depth: number): string => {
      if (depth === 0 || random.chance(0.4))
        return pick(
          '7',
          '-0.5e3',
          'null',
          '"x"',
          '"id"',
          '"\\"id\\":\\"y\\""',
          '"A1B2C3D4-0000-4000-8000-00000000000F"',
          '"ä\\u0041"',
        )
      if (random.chance(0.3)) return `[${some(depth - 1)}, ${some(depth - 1)}]`
      const fields = Array.from({ length: random.below(5) }, () => {
        const name = pick('"id"', '"id"', '"meta"', '"i\\u0064"', '"Id"', '"id "', '"ï"')
        return `${pick('', ' ')}${name}${pick('', ' ', '\n')}:${pick('', '\t')}${some(depth - 1)}`
      })
      return `{${fields.join(',')}}`
    }
    let told = 0
    for (let round = 0; round < 4_000; round++) {
      const page = Buffer.from(`[${some(3)},${some(3)}]`)
      for (const feed of feeds) {
        const { items, named } = cutItems(page, [], nameOfKey(feed))
        const keys = glanceKeys(feed.identity, { page, items, named })
        for (const [index, item] of items.entries()) {
          const parsed = feed.parse(item)
          if (!parsed.ok) continue
          told++
          assert.equal(keys[index], parsed.key, `${item} of ${page}`)
        }
      }
    }
    assert.ok(told > 500, `${told}`)
  })
})
