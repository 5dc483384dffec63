import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import fc from 'fast-check'
import { openStore } from '../../src/store/store.ts'
import { utcOf } from '../../src/verify/lines.ts'
import { freshDatabase } from '../database.ts'
import { check } from '../seed.ts'

const store = await openStore(await freshDatabase({ after }), { connectionsMax: 1 })
after(() => store.close())

/** As PostgreSQL keeps them. */
async function kept(times: readonly string[]): Promise<string[]> {
  const text = `to_char(t::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
  const { rows } = await store.query(
    `select ${text} as kept from unnest($1::text[]) with ordinality as u (t, n) order by n`,
    [times],
  )
  return rows.map(row => String(row.kept))
}

it('a time is read as PostgreSQL reads it, halves of a microsecond too', async () => {
  const halves = Array.from(
    { length: 400 },
    (_, index) => `2026-11-21T16:19:04.${String(index * 2503).padStart(6, '0')}5+01:00`,
  )
  assert.deepEqual(halves.map(utcOf), await kept(halves))
})

it('whatever digits a time has', () =>
  check(
    import.meta.filename,
    fc.asyncProperty(fc.array(fc.stringMatching(/^[0-9]{1,14}$/), { minLength: 1, maxLength: 50 }), async digits => {
      const times = digits.map(some => `2026-02-28T23:59:59.${some}Z`)
      assert.deepEqual(times.map(utcOf), await kept(times))
    }),
  ))
