import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { foldJobs } from '../../src/engine/fold.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { defineFeed, Type } from '../../src/index.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from './ground.ts'

type Poison = { path: string; seen: { last: number } }

/** Whether what a fold asks elsewhere is there by now. */
let isMended = false

/** What a feed's own code can do wrong, by the event's `act`. */
function act(state: Poison, event: { number: number; act?: string | undefined }): Poison {
  const path = `${state.path},${event.number}`
  switch (event.act) {
    case 'throw':
      throw new Error('planted')
    case 'unreadable':
      throw Object.create(null)
    case 'oddMessage':
      throw Object.assign(new Error(), { message: 5 })
    case 'longMessage':
      throw new Error(`${'x'.repeat(299)}\u{1f680}`)
    case 'nulMessage':
      throw new Error('a\u0000b')
    case 'broken':
      if (!isMended) throw new Error('broken')
      return { ...state, path }
    case 'loop':
      for (;;);
    case 'exit':
      return process.exit(3)
    case 'promise':
      return Promise.resolve({ path }) as unknown as Poison
    case 'rejection':
      return Promise.reject(new Error('planted')) as unknown as Poison
    case 'nothing':
      return undefined as unknown as Poison
    case 'text':
      return 'state' as unknown as Poison
    case 'half':
      return { ...state, path: `${path}\ud83d` }
    case 'nul':
      return { ...state, path: `${path}\u0000` }
    case 'halfBehindOne':
      return { ...state, path: state.path.startsWith(',1') ? `${path}\ud83d` : path }
    case 'needsOne':
      if (!state.path.startsWith(',1')) throw new Error('number 1 has not come')
      return { ...state, path }
    case 'impure':
      ;(state as { path: string }).path = path
      return state
    case 'impureDeep':
      state.seen.last = event.number
      return { ...state, path }
    default:
      return { ...state, path }
  }
}

const feed = defineFeed({
  name: 'poison',
  source: { kind: 'http', path: '/poison' },
  event: Type.Object({ key: Type.String(), number: Type.Integer({ minimum: 1 }), act: Type.Optional(Type.String()) }),
  identity: { key: 'key', sequence: 'number' },
  gaps: { wait: '1ms' },
  state: {
    path: '/poison',
    key: 'key',
    schema: Type.Object({ path: Type.String(), seen: Type.Object({ last: Type.Integer() }) }),
    initial: { path: '', seen: { last: 0 } },
    evolve: (state, event) => act(state as Poison, event),
  },
})

const url = await freshDatabase({ after })
const ground = await openGround(url, [feed], { sweepMs: 5 })
const event = (key: string, number: number, what?: string) => JSON.stringify({ key, number, act: what })
const pathOf = (key: string) => ground.value("select state ->> 'path' from groundstation.key where key = $1", key)
const lettersOf = (key: string) =>
  ground.rows('select sequence, reason, status from groundstation.dead_letters where key = $1 order by sequence', key)

describe('a fold that fails', () => {
  for (const what of [
    'throw',
    'unreadable',
    'oddMessage',
    'longMessage',
    'nulMessage',
    'loop',
    'exit',
    'promise',
    'rejection',
    'nothing',
    'text',
    'impure',
    'impureDeep',
  ])
    it(`rules 3 and 9: by ${what} skips its event, with a letter; the others go on`, async () => {
      const told = await ground.send('poison', event(what, 1, what), event(what, 2), event(`${what}-other`, 1))
      assert.deepEqual(
        told.map(({ outcome }) => outcome),
        ['accepted', 'accepted', 'accepted'],
      )
      assert.equal(await pathOf(what), ',2')
      assert.equal(await pathOf(`${what}-other`), ',1')
      assert.deepEqual(await lettersOf(what), [{ sequence: 1, reason: 'fold', status: 'open' }])
      assert.equal(await ground.value('select count(*) from groundstation.record where key = $1', what), 2)
    })

  it('rule 9: is tried again when its letter is replayed, which closes only if it takes the event', async () => {
    await ground.send('poison', event('again', 1, 'broken'), event('again', 2))
    const [letter] = await ground.rows("select id, raw from groundstation.dead_letters where key = 'again'")
    const replay = () =>
      ground.engine.submit('poison', { events: [letter?.raw as Buffer], origin: {}, corrects: Number(letter?.id) })
    assert.deepEqual(await replay(), [{ outcome: 'duplicate' }])
    assert.deepEqual(await lettersOf('again'), [{ sequence: 1, reason: 'fold', status: 'open' }])
    isMended = true
    assert.deepEqual(await replay(), [{ outcome: 'duplicate' }])
    assert.equal(await pathOf('again'), ',1,2')
    assert.deepEqual(await lettersOf('again'), [{ sequence: 1, reason: 'fold', status: 'replayed' }])
    await assert.rejects(replay(), { code: 'CLOSED' })
  })

  it('rule 9: is tried again when a heal changes what came before it', async () => {
    await ground.send('poison', event('heal', 2, 'needsOne'), event('heal', 3, 'throw'))
    while ((await ground.value("select count(*) from groundstation.held where key = 'heal'")) !== 0)
      await ground.value('select pg_sleep(0.005)')
    assert.deepEqual(await lettersOf('heal'), [
      { sequence: 2, reason: 'fold', status: 'open' },
      { sequence: 3, reason: 'fold', status: 'open' },
    ])
    await ground.send('poison', event('heal', 1))
    assert.equal(await pathOf('heal'), ',1,2')
    assert.deepEqual(await lettersOf('heal'), [
      { sequence: 2, reason: 'fold', status: 'replayed' },
      { sequence: 3, reason: 'fold', status: 'open' },
    ])
  })

  it('rule 9: is skipped where it makes text that no store takes, and not what brought it about', async () => {
    const told = await ground.send('poison', event('half', 1, 'half'), event('half', 2), event('half', 4, 'nul'))
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'accepted', 'held'],
    )
    assert.deepEqual(await ground.send('poison', event('half', 3)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf('half'), ',2,3')
    assert.deepEqual(await lettersOf('half'), [
      { sequence: 1, reason: 'fold', status: 'open' },
      { sequence: 4, reason: 'fold', status: 'open' },
    ])
    await ground.send('poison', event('late', 2, 'halfBehindOne'))
    while ((await ground.value("select count(*) from groundstation.held where key = 'late'")) !== 0)
      await ground.value('select pg_sleep(0.005)')
    assert.equal(await pathOf('late'), ',2')
    assert.deepEqual(await ground.send('poison', event('late', 1)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf('late'), ',1')
    assert.deepEqual(await lettersOf('late'), [{ sequence: 2, reason: 'fold', status: 'open' }])
  })

  it('rule 3: may be slow as long as each event is fast enough', () => {
    const { state } = compileFeed(feed.declaration)
    assert.ok(state)
    const slow = {
      ...state,
      evolve: (from: Readonly<Record<string, unknown>>) => {
        for (const end = performance.now() + 2; performance.now() < end; );
        return { ...from, count: Number(from.count ?? 0) + 1 }
      },
    }
    const events = Array.from({ length: 60 }, (_, index) => ({ sequence: index + 1, type: '', event: {}, time: null }))
    const { folded, failures } = foldJobs(
      slow,
      [{ from: { state: { ...state.initial, count: 0 }, events: 0 }, events }],
      20,
    )
    assert.deepEqual(failures, [])
    assert.equal(folded[0]?.state.count, 60)
  })
})
