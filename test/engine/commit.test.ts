import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { openGround } from './ground.ts'
import { cutReplies } from './reply-cutter.ts'

const url = await freshDatabase({ after })
const cutter = await cutReplies(url)
after(() => cutter.close())
const ground = await openGround(cutter.url, [counterFeed()], { writers: 1 })

describe('a commit whose answer is lost', () => {
  it('rule 1: is looked up, and answered as what it became', async () => {
    const cut = cutter.cutNextCommit()
    const outcomes = await ground.send('counter', event('a', 1), event('a', 3), event('a', 1))
    await cut
    assert.deepEqual(outcomes, [{ outcome: 'accepted' }, { outcome: 'held', waitingFor: 2 }, { outcome: 'duplicate' }])
    assert.equal(await ground.value("select count(*) from counter_rows where key = 'a'"), 1)
  })

  it('rule 1: leaves nothing in memory that isn’t in the database', async () => {
    const cut = cutter.cutNextCommit()
    await ground.send('counter', event('b', 1), event('b', 2))
    await cut
    assert.deepEqual(await ground.send('counter', event('b', 2), event('b', 3)), [
      { outcome: 'duplicate' },
      { outcome: 'accepted' },
    ])
    assert.equal(await ground.value("select state ->> 'path' from groundstation.key where key = 'b'"), ',1,2,3')
  })
})
