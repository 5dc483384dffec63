import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import graphqlFeeds from '../../feeds/spacex-graphql.ts'
import restFeeds from '../../feeds/spacex-launches.ts'
import { madeUpData } from '../../simulators/spacex/data/made-up.ts'
import { simulateSpacex } from '../../simulators/spacex/index.ts'
import { openSeveral } from './several.ts'
import { countsOf } from './world.ts'

const REST = ['launches', 'payloads', 'rockets', 'launchpads']
const GRAPHQL = ['graphql-missions', 'graphql-rockets', 'graphql-launches']

describe('made-up data', () => {
  it('has ids that tell all of a kind apart', () => {
    for (const [kind, items] of Object.entries(madeUpData(444, 2_000))) {
      const ids = (items as readonly { readonly id: string }[]).map(({ id }) => id)
      assert.ok(ids.length > 0, kind)
      assert.equal(new Set(ids).size, ids.length, kind)
    }
  })

  it('is new to each feed at its first poll, and unchanged at the second', async t => {
    const { url, close } = await simulateSpacex()
    t.after(close)
    const { poll } = await openSeveral(t, [...restFeeds, ...graphqlFeeds], {
      prefix: 'spacex-',
      order: [...REST, ...GRAPHQL],
      settings: { SPACEX_URL: url, SPACEX_GRAPHQL_URL: `${url}/graphql` },
    })
    const first = (await poll()).map(countsOf)
    const items = first.map(([fresh = 0]) => fresh)
    assert.deepEqual(
      first,
      items.map(count => [count, 0, 0, 0]),
    )
    assert.deepEqual([items[0], items[4], items[6]], [200, 8, 200])
    assert.deepEqual(
      (await poll()).map(countsOf),
      items.map(count => [0, 0, count, 0]),
    )
  })
})
