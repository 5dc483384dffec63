import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bigint, defineFeed, http, numberOf, serial, Type, text, uuid7 } from 'groundstation'
import { compileFeed } from '../../src/feed/compile.ts'
import { found, world, worldAt } from './world.ts'

const deals = (isLate: boolean) =>
  defineFeed({
    name: 'deals',
    source: http({ path: '/deals' }),
    event: Type.Object({ deal: Type.String(), number: Type.Integer(), buyer: Type.String() }),
    identity: { key: 'deal', sequence: 'number', sparse: true },
    tables: isLate
      ? {
          deals: {
            rows: 'latest',
            columns: {
              deal: text('deal'),
              number: bigint('number'),
              uid: uuid7(),
              id_buyer: numberOf('buyer', 'buyer'),
            },
          },
          all_deals: {
            key: ['id'],
            columns: {
              id: serial(),
              deal: text('deal'),
              number: bigint('number'),
              id_buyer: numberOf('buyer', 'buyer'),
            },
          },
        }
      : {},
  })

const deal = (name: string, number: number) => ({ deal: name, number, buyer: `buyer of ${name}` })

describe('a table with numbers of its own that is declared late', () => {
  it('rule 11: takes what comes late to a key from before', async t => {
    const before = await world(t, deals(false))
    await before.post(deal('a', 5))
    const after = await worldAt(t, before.url, compileFeed(deals(true).declaration))
    assert.deepEqual(await after.post(deal('a', 3)), [{ outcome: 'accepted' }])
    assert.deepEqual(await after.sql('select deal, number, id_buyer from deals'), [
      { deal: 'a', number: 5, id_buyer: 1 },
    ])
  })

  it('rule 11: is filled by a replay, the same each time', async t => {
    const before = await world(t, deals(false))
    await before.post(deal('a', 5), deal('b', 1), deal('b', 2))
    const after = await worldAt(t, before.url, compileFeed(deals(true).declaration))
    await after.post(deal('b', 3))
    const rows = () =>
      after.sql('select a.*, d.number as newest, d.uid from all_deals a join deals d using (deal) order by id')
    await after.replay()
    const first = await rows()
    assert.deepEqual(found(await after.verify()), [])
    await after.sql('truncate deals, all_deals')
    await after.replay()
    assert.deepEqual(await rows(), first)
    assert.deepEqual(found(await after.verify()), [])
  })
})
