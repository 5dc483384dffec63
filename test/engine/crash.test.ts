import assert from 'node:assert/strict'
import { after, afterEach, describe, it } from 'node:test'
import { FAILPOINTS, type Failpoint, onFailpoint } from '../../src/engine/failpoint.ts'
import { GroundstationError } from '../../src/errors.ts'
import { findState } from '../../src/store/read/states.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'
import { counterFeed, event } from './counter.ts'
import { type Ground, openGround } from './ground.ts'

const url = await freshDatabase({ after })
const feed = counterFeed({ wait: '1h', alerts: true })
const ground = await openGround(url, [feed], { writers: 1 })
const other = await openGround(url, [feed], { writers: 1 })

/** Does something the first time that a batch comes by a place. */
function once(place: Failpoint, work: () => Promise<void>): void {
  let done = false
  onFailpoint(async point => {
    if (done || point !== place) return
    done = true
    await work()
  })
}

/** Ends the backends that have a transaction open in this database, as an administrator or a crash would. */
async function cut(): Promise<void> {
  const open = `from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`
  await other.rows(`select pg_terminate_backend(pid) ${open}`)
  await until('no transaction is open', async () => (await other.rows(`select pid ${open}`)).length === 0)
}

const serialization = Object.assign(new Error('could not serialize'), { code: '40001' })
const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' })

/** Everything a batch can do: in order, held, healed, refused, repeated; then all of it again. */
function history(key: string): string[][] {
  return [
    [event(key, 1), event(key, 2), event(key, 5), event(key, 2)],
    [event(key, 3), event(key, 2, 99), '{"key":"x"}', event(`${key}-new`, 1), event(key, 4), event(key, 9)],
    [event(key, 6), event(key, 6), event(`${key}-new`, 3)],
  ]
}

async function exactlyOnce(key: string): Promise<void> {
  const rows = await ground.rows('select number, add from counter_rows where key = $1 order by number', key)
  assert.deepEqual(
    rows.map(row => row.number),
    [1, 2, 3, 4, 5, 6],
  )
  const record = await ground.rows('select sequence from groundstation.record where key = $1 order by sequence', key)
  assert.deepEqual(
    record.map(row => row.sequence),
    [1, 2, 3, 4, 5, 6],
  )
  const held = await ground.rows(
    'select key, sequence from groundstation.held where key like $1 order by key',
    `${key}%`,
  )
  assert.deepEqual(held, [
    { key, sequence: 9 },
    { key: `${key}-new`, sequence: 3 },
  ])
  const standing = await findState(ground.store.query, 'counter', key)
  assert.deepEqual(standing?.state, { sum: 21, path: ',1,2,3,4,5,6' })
  assert.equal(await ground.value('select count(*) from groundstation.dead_letters where key = $1', key), 1)
  const alerts = await ground.rows('select data from groundstation.alert where key = $1 order by id', key)
  assert.deepEqual(
    alerts.map(alert => JSON.parse(String(alert.data)).number),
    [1, 2, 3, 4, 5, 6],
  )
  const gaps = 'select last_id - (select count(*) from groundstation.alert) from groundstation.stream'
  assert.equal(await ground.value(gaps), 0, 'the ids of alerts have a gap')
}

/** Sends it batch by batch, each again until it is answered: what a client does. */
async function insist(to: Ground, batches: readonly string[][]): Promise<void> {
  for (const batch of batches)
    for (let attempt = 0; ; attempt++) {
      try {
        await to.send('counter', ...batch)
        break
      } catch (error) {
        assert.ok(attempt < 5, `still ${error}`)
        assert.ok(error instanceof GroundstationError)
      }
    }
}

describe('a batch that is interrupted', () => {
  afterEach(() => onFailpoint(undefined))
  const faults: Readonly<Record<string, () => Promise<void>>> = {
    'the code throws': () => Promise.reject(new Error('planted')),
    'its connection is cut': cut,
    'it can’t be serialized': () => Promise.reject(serialization),
    'it is a deadlock’s victim': () => Promise.reject(deadlock),
  }
  for (const place of FAILPOINTS)
    for (const [name, fault] of Object.entries(faults))
      it(`rule 1: is there exactly once after a retry, when at '${place}' ${name}`, async () => {
        const key = `${place}-${name}`
        const batches = history(key)
        // Every batch of the three meets the fault once; then all come again, to another process.
        for (const batch of batches) {
          once(place, fault)
          await insist(ground, [batch])
        }
        onFailpoint(undefined)
        await insist(other, batches)
        await exactlyOnce(key)
      })

  it('rule 1: leaves nothing behind where it is not tried again', async () => {
    const before = await ground.value('select sum(position) from groundstation.lane')
    once('commit', () => Promise.reject(new Error('planted')))
    await assert.rejects(ground.send('counter', event('nothing', 1), event('nothing', 3)), { code: 'INTERNAL' })
    assert.equal(await ground.value('select sum(position) from groundstation.lane'), before)
    assert.equal(await ground.value("select count(*) from groundstation.key where key = 'nothing'"), 0)
    assert.equal(await ground.value("select count(*) from counter_rows where key = 'nothing'"), 0)
  })
})
