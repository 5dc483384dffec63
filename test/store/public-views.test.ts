import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { freshDatabase } from '../database.ts'
import { withAdmin } from '../template.ts'

/** A table that is public as it is. */
const TABLES = ['poll_run']

/** Of the page's table in "In SQL": names and columns in their order. */
async function described(): Promise<Readonly<Record<string, readonly string[]>>> {
  const page = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8')
  const [, section = ''] = /^## In SQL\n([\s\S]*?)^## /m.exec(page) ?? []
  const rows = section.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)
  return Object.fromEntries(
    [...rows].map(([, name = '', columns = '']) => [
      name,
      [...columns.matchAll(/`(\w+)`/g)].map(([, one = '']) => one),
    ]),
  )
}

test('the page says of every public view which columns it has', async () => {
  const { rows } = await withAdmin(await freshDatabase({ after }), store =>
    store.query(
      `select c.table_name as name, array_agg(c.column_name::text order by c.ordinal_position) as columns
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'groundstation' and (t.table_type = 'VIEW' or t.table_name = any($1::text[])) group by c.table_name`,
      [TABLES],
    ),
  )
  assert.deepEqual(await described(), Object.fromEntries(rows.map(({ name, columns }) => [name, columns])))
})
