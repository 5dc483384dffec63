import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'

const store = await openStore(await freshDatabase({ after }))
after(() => store.close())
const versions = async () =>
  (await store.query('select version, name from groundstation.migration order by version')).rows

describe('migrating', () => {
  it('applies one that is missing below a later one, and no other again', async () => {
    const before = await versions()
    for (const { version, name } of before) assert.equal(Number.parseInt(String(name), 10), version)
    await store.query('drop view groundstation.watermarks')
    await store.query("delete from groundstation.migration where name = '0011-watermarks.sql'")
    await Promise.all([migrate(store), migrate(store)])
    assert.deepEqual(await versions(), before)
    assert.deepEqual((await store.query('select * from groundstation.watermarks')).rows, [])
  })

  it('leaves a newer schema alone', async () => {
    await store.query("insert into groundstation.migration (version, name) values (9999, '9999-later.sql')")
    await assert.rejects(migrate(store), { code: 'STORE_INCOMPATIBLE' })
  })
})
