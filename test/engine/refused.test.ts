import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { findState } from '../../src/store/read/states.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { openGround } from './ground.ts'

const url = await freshDatabase({ after })
const ground = await openGround(url, [counterFeed()])
const broken = (key: string, number: number) => `{"key":"${key}","number":${number},"add":"one"}`

async function letterOf(key: string, number: number): Promise<number> {
  const id = await ground.value(
    'select id from groundstation.dead_letters where key = $1 and sequence = $2',
    key,
    number,
  )
  assert.equal(typeof id, 'number')
  return id as number
}
const gapsOf = (key: string) =>
  ground.rows(
    'select from_number as "from", to_number as "to", status, dead_letter as letter from groundstation.gaps where key = $1 order by 1, 3',
    key,
  )
const pathOf = (key: string) => ground.value("select state ->> 'path' from groundstation.key where key = $1", key)
const correct = (json: string, letter: number) =>
  ground.engine.submit('counter', { events: [Buffer.from(json)], origin: {}, corrects: letter })
const statusOf = (letter: number) => ground.value('select status from groundstation.dead_letters where id = $1', letter)

describe('a refused event', () => {
  it('rule 8: holds what follows it, and the hole names its letter', async () => {
    const told = await ground.send('counter', event('a', 1), broken('a', 2), event('a', 3))
    const letter = await letterOf('a', 2)
    assert.deepEqual(told[1], {
      outcome: 'rejected',
      deadLetter: letter,
      reason: 'schema',
      message: 'must be integer',
      pointer: '/add',
    })
    assert.deepEqual(told[2], { outcome: 'held', waitingFor: 2 })
    assert.deepEqual(await gapsOf('a'), [{ from: 2, to: 2, status: 'open', letter }])
  })

  it('rule 8: is one letter however often it comes', async () => {
    await ground.send('counter', broken('b', 1), broken('b', 1))
    await ground.send('counter', broken('b', 1))
    assert.equal(await ground.value("select count from groundstation.dead_letters where key = 'b'"), 3)
  })

  it('rule 8: is filled by its corrected replay, in its place', async () => {
    await ground.send('counter', event('c', 1), broken('c', 2), event('c', 3))
    const letter = await letterOf('c', 2)
    assert.deepEqual(await correct(event('c', 2), letter), [{ outcome: 'accepted' }])
    assert.equal(await pathOf('c'), ',1,2,3')
    assert.equal(await statusOf(letter), 'replayed')
    assert.deepEqual(await gapsOf('c'), [])
  })

  it('rule 8: is filled by a valid event of its number; a replay after that closes the letter as well', async () => {
    await ground.send('counter', broken('d', 1), event('d', 2))
    assert.deepEqual(await ground.send('counter', event('d', 1)), [{ outcome: 'accepted' }])
    const letter = await letterOf('d', 1)
    assert.deepEqual(await correct(event('d', 1), letter), [{ outcome: 'duplicate' }])
    assert.equal(await statusOf(letter), 'replayed')
  })

  it('rule 8: voids its number when its letter is dismissed, and releases at once', async () => {
    await ground.send('counter', event('e', 1), broken('e', 2), event('e', 3))
    const letter = await letterOf('e', 2)
    assert.equal(await ground.engine.dismiss('counter', letter), true)
    assert.equal(await ground.engine.dismiss('counter', letter), false)
    assert.equal(await pathOf('e'), ',1,3')
    assert.deepEqual(await gapsOf('e'), [{ from: 2, to: 2, status: 'voided', letter }])
    const standing = await findState(ground.store.query, 'counter', 'e')
    assert.deepEqual([standing?.sequence, standing?.complete], [3, true])
  })

  it('rule 8: is taken after its dismissal too, in its place, and the books say healed', async () => {
    await ground.send('counter', event('f', 1), broken('f', 2), event('f', 3))
    await ground.engine.dismiss('counter', await letterOf('f', 2))
    assert.deepEqual(await ground.send('counter', event('f', 2)), [{ outcome: 'accepted' }])
    assert.equal(await pathOf('f'), ',1,2,3')
    assert.deepEqual(
      (await gapsOf('f')).map(gap => gap.status),
      ['healed'],
    )
  })

  it('rule 10: dismissed as the last of its key doesn’t count as the last applied', async () => {
    await ground.send('counter', event('g', 1), broken('g', 2), broken('g', 3))
    await ground.engine.dismiss('counter', await letterOf('g', 2))
    await ground.engine.dismiss('counter', await letterOf('g', 3))
    assert.equal((await findState(ground.store.query, 'counter', 'g'))?.sequence, 1)
    assert.equal((await ground.engine.stateAt('counter', 'g', 1))?.sequence, 1)
    assert.equal(await ground.engine.stateAt('counter', 'g', 2), undefined)
    assert.deepEqual(await ground.send('counter', event('g', 4)), [{ outcome: 'accepted' }])
    assert.equal((await findState(ground.store.query, 'counter', 'g'))?.sequence, 4)
  })

  it('rule 8: before any other of its key makes no entity that could be read', async () => {
    await ground.send('counter', broken('h', 1))
    await ground.engine.dismiss('counter', await letterOf('h', 1))
    assert.equal(await findState(ground.store.query, 'counter', 'h'), undefined)
    await ground.send('counter', event('h', 2))
    assert.equal(await pathOf('h'), ',2')
  })

  it('rule 8: that is replayed as wrong as it was stays open', async () => {
    await ground.send('counter', broken('i', 1))
    const letter = await letterOf('i', 1)
    const [outcome] = await correct('{"key":"i","number":1,"add":"two"}', letter)
    assert.equal(outcome?.outcome, 'rejected')
    assert.equal(await statusOf(letter), 'open')
  })

  it('tried dry writes nothing', async () => {
    const before = await ground.value('select sum(version) from groundstation.lane')
    assert.deepEqual(await ground.engine.dryRun('counter', Buffer.from(event('dry', 2))), {
      outcome: 'held',
      waitingFor: 1,
    })
    assert.deepEqual(await ground.engine.dryRun('counter', Buffer.from(event('dry', 1))), { outcome: 'accepted' })
    assert.equal((await ground.engine.dryRun('counter', Buffer.from(broken('dry', 1)))).outcome, 'rejected')
    assert.equal(await ground.value('select sum(version) from groundstation.lane'), before)
  })

  it('whose bytes break stores is kept as it came', async () => {
    const raws = [
      Buffer.from([0, 255, 254]),
      Buffer.from('{"key":"\\u0000","number":1,"add":1}'),
      Buffer.alloc(0),
      Buffer.from('{"a\\ud800":1}'),
    ]
    const told = await ground.engine.submit('counter', { events: raws, origin: {} })
    for (const [index, outcome] of told.entries()) {
      assert.equal(outcome.outcome, 'rejected')
      const id = outcome.outcome === 'rejected' ? outcome.deadLetter : 0
      assert.deepEqual(await ground.value('select raw from groundstation.dead_letters where id = $1', id), raws[index])
    }
  })
})
