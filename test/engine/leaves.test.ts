import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { laneIn, workOf } from '../../src/engine/arriving.ts'
import { Transactions } from '../../src/engine/transaction.ts'
import { Ticket } from '../../src/engine/work.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { registerFeed } from '../../src/store/feed.ts'
import { Leaves } from '../../src/store/leaf.ts'
import { openStore } from '../../src/store/store.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'

const feed = compileFeed(counterFeed().declaration)
const CONNECTIONS = 3

async function open() {
  const store = await openStore(await freshDatabase({ after }), { connectionsMax: CONNECTIONS })
  after(() => store.close())
  const stored = await registerFeed(store, feed)
  const months = async () => {
    const { rows } = await store.query(
      `select right(inhrelid::regclass::text, 7) as month from pg_inherits where inhparent = 'groundstation.event_${stored.id}'::regclass order by 1`,
    )
    return rows.map(({ month }) => month)
  }
  return { store, stored, months, leaves: new Leaves(store, stored.id) }
}

describe('the record’s leaves', () => {
  it('rule 1: a month’s is there days before it begins, and not much earlier', async () => {
    const { leaves, months } = await open()
    await leaves.makeAhead(Date.UTC(2031, 0, 10))
    assert.deepEqual(await months(), ['2031_01'])
    await leaves.makeAhead(Date.UTC(2031, 0, 27))
    assert.deepEqual(await months(), ['2031_01', '2031_02'])
    assert.ok(leaves.has(Date.UTC(2031, 1, 1)))
    await leaves.makeAhead(Date.UTC(2031, 11, 31))
    assert.deepEqual(await months(), ['2031_01', '2031_02', '2031_12', '2032_01'])
  })

  it('rule 1: one that is missing is made once, however many ask', async () => {
    const { leaves, months, store } = await open()
    const at = Date.UTC(2031, 0, 10)
    const other = new Leaves(store, (await registerFeed(store, feed)).id)
    await Promise.all([leaves, leaves, leaves, other, other].map(one => one.make(at)))
    assert.deepEqual(await months(), ['2031_01'])
  })

  it('rule 1: as many batches as there are connections may find a new month at once', async () => {
    const { store, stored, leaves, months } = await open()
    const transactions = new Transactions({
      feed,
      stored,
      store,
      leaves,
      keysRemembered: 100,
      log: () => undefined,
      onApplied: () => undefined,
    })
    // Large enough for COPY, and in lanes of their own: nobody waits for another's lane.
    const batches = Array.from({ length: CONNECTIONS }, (_, lane) => worksIn(lane, 300))
    // What would starve waits for a connection until its time is up.
    await Promise.all(batches.map(works => transactions.run(works)))
    assert.equal((await months()).length, 1)
    const { rows } = await store.query('select count(*) from groundstation.event')
    assert.equal(rows[0]?.count, CONNECTIONS * 300)

    function worksIn(lane: number, count: number) {
      const names = Array.from({ length: 200 }, (_, index) => `k${index}`)
      const key = names.find(name => laneIn(stored, name) === lane) ?? ''
      const ticket = new Ticket(count)
      const common = { ticket, enqueuedMs: 0, origin: {}, log: undefined, corrects: undefined, headers: undefined }
      return Array.from({ length: count }, (_, index) => {
        const raw = Buffer.from(event(key, index + 1))
        return workOf(feed.parse(raw), raw, { ...common, index, lane, arrivedMicros: undefined }, stored)
      })
    }
  })
})
