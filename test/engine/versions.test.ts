import assert from 'node:assert/strict'
import { after, afterEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { FAILPOINTS, onFailpoint } from '../../src/engine/failpoint.ts'
import { GroundstationError } from '../../src/errors.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { arrival, at, defineFeed, integer, Type, text, variants } from '../../src/index.ts'
import { laneOf, NEW_LANE_HASH } from '../../src/sequencer/lane.ts'
import { verifyFeed } from '../../src/verify/verify.ts'
import { freshDatabase } from '../database.ts'
import { check } from '../seed.ts'
import { until } from '../until.ts'
import { type Ground, openGround } from './ground.ts'

/** Versions of objects; the tables of latest ones take all of them, or closings only. */
const objects = (order = 'meta.version') =>
  defineFeed({
    name: 'objects',
    source: { kind: 'http', path: '/objects' },
    event: variants(
      at(
        'meta',
        Type.Object({
          id: Type.String(),
          type: Type.String(),
          object: Type.String(),
          version: Type.Number(),
          other: Type.Integer(),
        }),
      ),
      at('data', { Changed: Type.Object({ value: Type.Integer() }), Closed: Type.Object({ value: Type.Integer() }) }),
    ),
    identity: { unique: 'meta.id', key: 'meta.object', order, type: 'meta.type' },
    tables: {
      newest: {
        rows: 'latest',
        columns: { object: text('meta.object'), id: text('meta.id'), first: arrival({ of: 'first' }) },
      },
      closed: { rows: 'latest', when: 'Closed', columns: { object: text('meta.object'), id: text('meta.id') } },
      each_version: { key: ['id'], columns: { id: text('meta.id'), value: integer('data.value') } },
    },
  })

type Version = { object: string; id: string; type: string; version: number; other?: number; value?: number }
const json = ({ value = 1, other = 0, ...meta }: Version) =>
  JSON.stringify({ meta: { ...meta, other }, data: { value } })

const url = await freshDatabase({ after })
const ground = await openGround(url, [objects()], { writers: 2 })
// Remembers next to nothing, so that it must look.
const other = await openGround(url, [objects()], { writers: 1, keysRemembered: 8 })
const verified = () => verifyFeed({ store: ground.store, feed: compileFeed(objects().declaration) })

/** By code of the test's own. */
function naive(versions: readonly Version[], type?: string): Record<string, string> {
  const latest = new Map<string, Version>()
  for (const one of versions.filter(version => type === undefined || version.type === type)) {
    const known = latest.get(one.object)
    const isHigher = known === undefined || one.version > known.version
    if (isHigher || (one.version === known.version && one.id > known.id)) latest.set(one.object, one)
  }
  return Object.fromEntries([...latest].map(([object, { id }]) => [object, id]).sort())
}

async function rowsOf(table: string, prefix: string): Promise<Record<string, unknown>> {
  const rows = await ground.rows(
    `select object, id from ${table} where object like $1 order by object collate "C"`,
    `${prefix}%`,
  )
  return Object.fromEntries(rows.map(({ object, id }) => [String(object), id]))
}

/** The versions of one run, each told once. */
const given = fc.uniqueArray(
  fc.record({
    object: fc.constantFrom('a', 'b', 'c'),
    id: fc.integer({ min: 0, max: 999 }).map(id => `e${id}`),
    type: fc.constantFrom('Changed', 'Closed'),
    version: fc.constantFrom(-1, 0, 0.5, 1, 2, 10, 1_700_000_000),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 25 },
)

describe('unique with an order', () => {
  let run = 0
  it('rule 14: in any order, any number of times, in any batches, by two processes: the row is the highest by (order, id)', () =>
    check(
      import.meta.filename,
      fc.asyncProperty(
        given,
        fc.array(fc.nat(), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 60, maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        async (versions, repeats, sizes, chance) => {
          const prefix = `r${run++}-`
          const own = versions.map(one => ({ ...one, object: prefix + one.object, id: prefix + one.id }))
          const sent = [...own, ...repeats.flatMap(at => own[at % own.length] ?? [])]
            .map(one => ({ one, place: chance.next().value }))
            .sort((a, b) => a.place - b.place)
          const posts: Promise<unknown>[] = []
          for (let from = 0, batch = 0; from < sent.length; batch++) {
            const size = sizes[batch] ?? 1
            const events = sent.slice(from, from + size).map(({ one }) => json(one))
            posts.push((batch % 2 === 0 ? ground : other).send('objects', ...events))
            if (size > 4) await Promise.all(posts)
            from += size
          }
          const told = (await Promise.all(posts)).flat() as { outcome: string }[]
          assert.equal(told.filter(({ outcome }) => outcome === 'accepted').length, own.length)
          assert.equal(told.filter(({ outcome }) => outcome === 'duplicate').length, sent.length - own.length)
          assert.deepEqual(await rowsOf('newest', prefix), naive(own))
          assert.deepEqual(await rowsOf('closed', prefix), naive(own, 'Closed'))
          const ids = (table: string, column: string) =>
            ground.value(
              `select string_agg(id, ' ' order by id collate "C") from (select ${column} as id from ${table}) t where id like $1`,
              `${prefix}%`,
            )
          const wanted = own
            .map(({ id }) => id)
            .sort()
            .join(' ')
          assert.equal(await ids('each_version', 'id'), wanted)
          assert.equal(await ids('groundstation.record', "event #>> '{meta,id}'"), wanted)
        },
      ),
      40,
    ))

  it('and verify, with code of its own, agrees', async () => {
    const { differences, events } = await verified()
    assert.deepEqual(differences, [])
    assert.ok(events > 100)
  })

  it('rule 14: the same id under another key is a conflict, whoever takes it and when', async () => {
    const first = { object: 'x', id: 'moved', type: 'Changed', version: 1 }
    const posts = Array.from({ length: 24 }, (_, index) =>
      (index % 2 === 0 ? ground : other).send('objects', json({ ...first, object: `x${index}` })),
    )
    const told = (await Promise.all(posts)).flat().map(({ outcome }) => outcome)
    assert.equal(told.filter(outcome => outcome === 'accepted').length, 1)
    assert.equal(told.filter(outcome => outcome === 'conflict').length, 23)
    assert.equal(await ground.value("select count(*) from each_version where id = 'moved'"), 1)
    assert.equal(await ground.value("select count(*) from newest where id = 'moved'"), 1)
  })

  it('rule 14: two processes that have the same id under keys of different lanes take turns', async t => {
    t.after(() => onFailpoint(undefined))
    const lane = (object: string) => laneOf(object, 8, NEW_LANE_HASH)
    const elsewhere = ['p2', 'p3', 'p4', 'p5'].find(object => lane(object) !== lane('p1')) ?? ''
    const waits = () =>
      ground.value(
        "select count(*) > 0 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      ) as Promise<boolean>
    let decided = 0
    onFailpoint(async point => {
      if (point === 'decided' && ++decided === 1)
        await until('the other waits, or has decided', async () => decided > 1 || (await waits()))
    })
    const post = (to: Ground, object: string) =>
      to.send('objects', json({ object, id: 'twice', type: 'Changed', version: 1 }))
    const told = (await Promise.all([post(ground, 'p1'), post(other, elsewhere)])).flat()
    assert.deepEqual(told.map(({ outcome }) => outcome).sort(), ['accepted', 'conflict'])
  })

  it('rule 14: what belongs to a key’s first version stays, whichever is the latest', async () => {
    const one = (id: string, version: number) => json({ object: 'kept', id, type: 'Changed', version })
    await ground.send('objects', one('k2', 2))
    const first = await ground.value("select first::text from newest where object = 'kept'")
    await other.send('objects', one('k1', 1), one('k3', 3))
    const [row] = await ground.rows("select id, first::text as first from newest where object = 'kept'")
    assert.deepEqual(row, { id: 'k3', first })
  })

  it('rule 14: an order that is declared anew counts from the next event of a key on', async () => {
    const now = [
      { object: 'again', id: 'a1', type: 'Closed', version: 9, other: 1 },
      { object: 'again', id: 'a2', type: 'Closed', version: 1, other: 9 },
    ]
    const own = await freshDatabase({ after })
    const before = await openGround(own, [objects()])
    await before.send('objects', ...now.map(json))
    assert.equal(await before.value('select id from newest'), 'a1')
    const later = await openGround(own, [objects('meta.other')])
    await later.send('objects', json({ object: 'again', id: 'a3', type: 'Changed', version: 99, other: 5 }))
    assert.deepEqual(await later.rows('select n.id, c.id as closed from newest n join closed c using (object)'), [
      { id: 'a2', closed: 'a2' },
    ])
    const { differences } = await verifyFeed({
      store: later.store,
      feed: compileFeed(objects('meta.other').declaration),
    })
    assert.deepEqual(differences, [])
  })
})

describe('unique with an order, interrupted', () => {
  afterEach(() => onFailpoint(undefined))
  for (const place of FAILPOINTS)
    it(`rules 1, 14: is there exactly once after a retry, at '${place}'`, async () => {
      const object = `at-${place}`
      const own = [3, 1, 4, 2].map(version => ({ object, id: `${object}-${version}`, type: 'Closed', version }))
      const insist = async (to: Ground, ...events: string[]) => {
        for (let attempt = 0; attempt < 5; attempt++)
          try {
            return await to.send('objects', ...events)
          } catch (error) {
            assert.ok(error instanceof GroundstationError)
          }
        return assert.fail('still interrupted')
      }
      for (const one of own) {
        let done = false
        onFailpoint(async point => {
          if (done || point !== place) return
          done = true
          throw new Error('planted')
        })
        await insist(ground, json(one))
      }
      onFailpoint(undefined)
      const told = await insist(other, ...own.map(json))
      assert.deepEqual([...new Set(told.map(({ outcome }) => outcome))], ['duplicate'])
      assert.deepEqual([await rowsOf('newest', object), await rowsOf('closed', object)], [naive(own), naive(own)])
      assert.equal(await ground.value('select count(*) from groundstation.record where key = $1', object), 4)
    })

  it('and verify agrees', async () => assert.deepEqual((await verified()).differences, []))
})
