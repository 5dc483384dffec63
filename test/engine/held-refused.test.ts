import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { bigint, defineFeed, integer, Type, text } from '../../src/index.ts'
import { freshDatabase } from '../database.ts'
import { type Ground, type GroundOptions, openGround } from './ground.ts'

/** No two events may have the same slot: the table is the user's, and so is its key. */
function slotFeed({ wait = '1h', maxHeld = 1000, slot = Type.Integer(), sparse = false } = {}) {
  return defineFeed({
    name: 'slots',
    source: { kind: 'http', path: '/slots' },
    event: Type.Object({ key: Type.String(), number: Type.Integer(), slot }),
    identity: { key: 'key', sequence: 'number', sparse },
    gaps: { wait, maxHeld },
    tables: {
      slots: { key: ['slot'], columns: { slot: integer('slot'), key: text('key'), number: bigint('number') } },
    },
    state: {
      path: '/slots',
      key: 'key',
      schema: Type.Object({ path: Type.String() }),
      initial: { path: '' },
      evolve: (state, { number }) => ({ path: `${state.path},${number}` }),
    },
  })
}

const slot = (number: number, taken: number, key = 'a') => JSON.stringify({ key, number, slot: taken })

async function slots(options: Parameters<typeof slotFeed>[0] = {}, ground: GroundOptions = {}): Promise<Ground> {
  return openGround(await freshDatabase({ after }), [slotFeed(options)], ground)
}

const lettersOf = async ({ rows }: Ground, key = 'a') =>
  (
    await rows(
      `select sequence, reason, status, convert_from(raw, 'UTF8') as raw from groundstation.dead_letters where key = $1 order by 1`,
      key,
    )
  ).map(({ sequence, reason, status, raw }) => [sequence, reason, status, raw])
const idOf = async ({ value }: Ground, number: number) =>
  Number(await value("select id from groundstation.dead_letters where key = 'a' and sequence = $1", number))
const gapsOf = ({ rows }: Ground, key = 'a') =>
  rows(
    'select from_number as "from", to_number as "to", status, dead_letter is not null as named from groundstation.gaps where key = $1 order by 1, 3',
    key,
  )
const pathOf = ({ value }: Ground, key = 'a') =>
  value("select state ->> 'path' from groundstation.key where key = $1", key)

async function untilNoneIsHeld(ground: Ground, key: string): Promise<void> {
  while ((await ground.value('select count(*) from groundstation.held where key = $1', key)) !== 0)
    await ground.value('select pg_sleep(0.005)')
}

describe('a held event that the database refuses', () => {
  it('rule 3: is the dead letter, and what came for the number before it is accepted', async () => {
    const ground = await slots()
    await ground.send('slots', slot(1, 1), slot(3, 1))
    assert.deepEqual(await ground.send('slots', slot(2, 2)), [{ outcome: 'accepted' }])
    assert.deepEqual(await lettersOf(ground), [[3, 'store', 'open', slot(3, 1)]])
    assert.equal(await ground.value('select count(*) from groundstation.held'), 0)
    assert.equal(await pathOf(ground), ',1,2')
    assert.deepEqual(await ground.send('slots', slot(2, 2)), [{ outcome: 'duplicate' }])
    assert.deepEqual(await ground.send('slots', slot(3, 3)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf(ground), ',1,2,3')
  })

  it('rule 8: holds what follows it, and the hole names its letter', async () => {
    const ground = await slots()
    await ground.send('slots', slot(1, 1), slot(3, 1), slot(4, 4), slot(5, 4))
    await ground.send('slots', slot(2, 2))
    assert.deepEqual(await gapsOf(ground), [{ from: 3, to: 3, status: 'open', named: true }])
    assert.equal(await pathOf(ground), ',1,2')
    await ground.engine.dismiss('slots', await idOf(ground, 3))
    assert.equal(await pathOf(ground), ',1,2,4')
  })

  it('rule 8: is corrected by a replay, in its place, and what the replay takes along is judged likewise', async () => {
    const ground = await slots()
    await ground.send('slots', slot(1, 1), '{"key":"a","number":2,"slot":"two"}', slot(3, 1), slot(4, 1), slot(5, 5))
    const replay = async (number: number, taken: number) =>
      ground.engine.submit('slots', {
        events: [Buffer.from(slot(number, taken))],
        origin: {},
        corrects: await idOf(ground, number),
      })
    assert.deepEqual(await replay(2, 2), [{ outcome: 'accepted' }])
    assert.deepEqual(await replay(3, 3), [{ outcome: 'accepted' }])
    assert.deepEqual(await replay(4, 4), [{ outcome: 'accepted' }])
    assert.equal(await pathOf(ground), ',1,2,3,4,5')
    assert.deepEqual(
      (await lettersOf(ground)).map(([number, reason, status]) => [number, reason, status]),
      [2, 3, 4].map(number => [number, number === 2 ? 'schema' : 'store', 'replayed']),
    )
  })

  it('rule 6: doesn’t keep the rest from being released', async () => {
    const ground = await slots({ wait: '50ms' }, { sweepMs: 5 })
    await ground.send('slots', slot(1, 1), slot(3, 1), slot(4, 4), slot(1, 11, 'b'), slot(3, 13, 'b'))
    await untilNoneIsHeld(ground, 'a')
    await untilNoneIsHeld(ground, 'b')
    assert.deepEqual([await pathOf(ground), await pathOf(ground, 'b')], [',1,4', ',1,3'])
    assert.deepEqual(await lettersOf(ground), [[3, 'store', 'open', slot(3, 1)]])
    assert.deepEqual(await gapsOf(ground), [{ from: 2, to: 3, status: 'released', named: true }])
  })

  it('rule 6: doesn’t keep a hole from going early', async () => {
    const ground = await slots({ maxHeld: 2 })
    await ground.send('slots', slot(1, 1), slot(3, 1), slot(5, 5))
    assert.deepEqual(await ground.send('slots', slot(7, 7)), [{ outcome: 'held', waitingFor: 2 }])
    assert.deepEqual(await lettersOf(ground), [[3, 'store', 'open', slot(3, 1)]])
    await ground.send('slots', slot(9, 9))
    assert.equal(await pathOf(ground), ',1,5')
  })

  it('rule 3: is found among many, each of them', async () => {
    const ground = await slots()
    const numbers = Array.from({ length: 300 }, (_, index) => index + 3)
    await ground.send('slots', slot(1, 1), ...numbers.map(number => slot(number, number % 3 === 0 ? 1 : number)))
    await ground.send('slots', slot(2, 2))
    const wanted = numbers.filter(number => number % 3 === 0)
    assert.deepEqual(
      (await lettersOf(ground)).map(([number]) => number),
      wanted,
    )
    for (const number of [6, 3]) await ground.send('slots', slot(number, number))
    assert.equal(await pathOf(ground), ',1,2,3,4,5,6,7,8')
  })

  it('rule 7: is not blamed on what comes late, nor that on it', async () => {
    const ground = await slots({ maxHeld: 1 })
    await ground.send('slots', slot(1, 1), slot(3, 3), slot(4, 4), slot(6, 1))
    const [late] = await ground.send('slots', slot(2, 3))
    assert.equal(late?.outcome, 'rejected')
    assert.deepEqual(await ground.send('slots', slot(2, 2)), [{ outcome: 'accepted' }])
    assert.deepEqual(await ground.send('slots', slot(5, 5)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf(ground), ',1,2,3,4,5')
    assert.deepEqual(
      (await lettersOf(ground)).map(([number]) => number),
      [2, 6],
    )
  })

  it('rule 5: is out of a key that nothing else happens to', async () => {
    const url = await freshDatabase({ after })
    const old = await openGround(url, [slotFeed()])
    await old.send('slots', slot(1, 1), slot(3, 1))
    const sparse = await openGround(url, [slotFeed({ sparse: true })])
    assert.deepEqual(await sparse.send('slots', slot(1, 1)), [{ outcome: 'duplicate' }])
    assert.deepEqual(await lettersOf(sparse), [[3, 'store', 'open', slot(3, 1)]])
    assert.deepEqual(await sparse.send('slots', slot(3, 3)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf(sparse), ',1,3')
  })

  it('opens its letter again that was closed when the event was held', async () => {
    const url = await freshDatabase({ after })
    const old = await openGround(url, [slotFeed({ slot: Type.Integer({ minimum: 5 }) })])
    await old.send('slots', slot(3, 1))
    const young = await openGround(url, [slotFeed()])
    await young.send('slots', slot(1, 1))
    const events = [Buffer.from(slot(3, 1))]
    await young.engine.submit('slots', { events, origin: {}, corrects: await idOf(young, 3) })
    assert.deepEqual((await lettersOf(young))[0]?.slice(0, 3), [3, 'schema', 'replayed'])
    await young.send('slots', slot(2, 2))
    assert.deepEqual((await lettersOf(young))[0]?.slice(0, 3), [3, 'store', 'open'])
  })
})
