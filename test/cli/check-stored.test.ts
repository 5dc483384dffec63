import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { folderWith, groundstation } from './program.ts'

const feed = (amount: string, evolve: string) => `import { defineFeed, http, Type } from 'groundstation'
export default defineFeed({
  name: 'sums',
  source: http({ path: '/sums' }),
  event: Type.Object({ key: Type.String(), number: Type.Integer({ minimum: 1 }), amount: ${amount} }),
  identity: { key: 'key', sequence: 'number' },
  state: { path: '/totals', key: 'key', schema: Type.Object({ total: Type.Number() }), initial: { total: 0 }, evolve: ${evolve} },
})
`

test('check --stored takes a new declaration over the record before it is started', async t => {
  const sum = '(state, event) => ({ total: state.total + event.amount })'
  const cwd = await folderWith(t, { 'a.ts': feed('Type.Number()', sum) })
  const run = { cwd, env: { DATABASE_URL: await freshDatabase(t) } }
  const input =
    '{"key":"a","number":1,"amount":1}\n{"key":"a","number":2,"amount":-2}\n{"key":"b","number":1,"amount":3}\n'
  await groundstation(['ingest', 'a.ts', '-'], { ...run, input })
  const same = await groundstation(['check', 'a.ts', '--stored'], run)
  assert.deepEqual(
    [same.code, same.stdout.split('\n')[1]],
    [0, "  on the record: 3 events, 0 don't fit; no state changes"],
  )

  await writeFile(join(cwd, 'a.ts'), feed('Type.Number({ minimum: 0 })', sum))
  const stricter = await groundstation(['check', 'a.ts', '--stored', '--json'], run)
  assert.equal(stricter.code, 1)
  const [{ stored }] = JSON.parse(stricter.stdout).feeds
  assert.deepEqual(
    [
      stored.misfitCount,
      stored.statesChanged,
      stored.misfits[0].key,
      stored.misfits[0].sequence,
      stored.misfits[0].pointer,
    ],
    [1, 0, 'a', 2, '/amount'],
  )

  await writeFile(
    join(cwd, 'a.ts'),
    feed(
      'Type.Number()',
      "(state, { amount }) => { if (amount === 3) throw new Error('no'); return { total: state.total - amount } }",
    ),
  )
  const other = JSON.parse((await groundstation(['check', 'a.ts', '--stored', '--json'], run)).stdout).feeds[0].stored
  assert.deepEqual(
    [other.misfits, other.statesChanged],
    [[{ key: 'b', sequence: 1, reason: 'fold', message: 'is skipped by the fold of the state', pointer: '' }], 2],
  )
})
