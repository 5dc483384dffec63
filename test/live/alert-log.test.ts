import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { AlertLog } from '../../src/api/live/alert-log.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { until } from '../until.ts'

const MIB = 1024 * 1024
const COUNT = 4_000
const store = await openStore(await freshDatabase({ after }), { connectionsMax: 2 })
after(() => store.close())
await store.query("insert into groundstation.stream values ('/alerts', $1)", [COUNT])
await store.query(
  `insert into groundstation.alert (stream, id, feed, rule, data)
   select '/alerts', id, 1, 'rule', to_json(repeat('x', 1900)) from generate_series(1, $1) as id`,
  [COUNT],
)

test('clients that are all at places of their own share no more memory than what is kept for them', async () => {
  const log = new AlertLog(store.query, '/alerts', () => undefined)
  const leave = log.join()
  await until('the end is known', async () => (await log.after(0)) !== undefined)
  await store.query("update groundstation.alert set id = id + $1 where stream = '/alerts'", [COUNT])
  await store.query('update groundstation.stream set last_id = $1', [2 * COUNT])
  log.wake()
  await until('they are kept', async () => (await log.after(2 * COUNT - 1)) !== undefined)
  const before = process.memoryUsage().arrayBuffers
  for (let place = COUNT; place < 2 * COUNT; place += 4) {
    const chunk = await log.after(place)
    assert.ok(chunk !== undefined && chunk !== 'lost' && chunk.count > 0 && chunk.bytes.length <= MIB + 2_000)
  }
  ;(globalThis as { gc?: () => void }).gc?.()
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 256 * MIB, `${Math.round(grown / MIB)} MiB`)
  leave()
})
