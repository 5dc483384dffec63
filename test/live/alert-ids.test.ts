import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listAlerts } from '../../src/store/read/alerts.ts'
import { insertAlerts } from '../../src/store/write/alerts.ts'
import { newGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { METERS } from './meters.ts'

test('ids follow the order of the commits: whoever comes second waits for the first', async () => {
  const { store, value } = await newGround([METERS])
  const row = (data: string) => [{ rule: 'odd', key: null, data, topic: null }]
  const seen = async () => (await listAlerts(store.query, '/alerts', 0, 10)).map(({ id, data }) => [id, data])
  await store.withClient(async first => {
    await first.query('begin')
    await insertAlerts(first, 1, '/alerts', row('"first"'))
    const second = store.transaction(client => insertAlerts(client, 1, '/alerts', row('"second"')))
    await until('the second waits', async () => (await value('select count(*) from pg_locks where not granted')) === 1)
    assert.deepEqual(await seen(), [])
    await first.query('commit')
    await second
  })
  assert.deepEqual(await seen(), [
    [1, '"first"'],
    [2, '"second"'],
  ])
})
