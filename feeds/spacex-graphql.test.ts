import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foldFeed } from 'groundstation/testing'
import feeds from './spacex-graphql.ts'

const [, rockets, launches] = feeds
assert.ok(rockets && launches)

describe('launches of the GraphQL API', () => {
  const launch = (mission_id: unknown, more: object = {}) => ({
    id: '1',
    launch_date_utc: '2017-12-31T23:30:00-01:00',
    mission_id,
    ...more,
  })

  it('have all their missions in a table of their own, none, one or two', () => {
    const places = (...versions: unknown[]) => {
      const { rows, rejected } = foldFeed(launches, versions.map(one => launch(one)) as object[])
      assert.deepEqual(rejected, [])
      return rows['staging.launch_mission']?.map(({ place }) => place)
    }
    assert.deepEqual(places([]), [])
    assert.deepEqual(places(null), [])
    assert.deepEqual(places(['A']), [1])
    assert.deepEqual(places(['A', 'B']), [1, 2])
    assert.deepEqual(places(['A', 'A']), [1])
    assert.deepEqual(places(['A', 'B'], ['B']), [1])
  })

  it('have the year of their UTC time, and nothing where nothing is known', () => {
    const { rows } = foldFeed(launches, [launch([], { links: null, rocket: { rocket: null }, telemetry: null })])
    assert.equal(rows['staging.launch']?.[0]?.launch_year, 2018)
    assert.equal(rows['staging.launch_links']?.[0]?.article_link, null)
    const unknown = foldFeed(launches, [{ id: '2' }])
    assert.deepEqual(unknown.rejected, [])
    assert.equal(unknown.rows['staging.launch']?.[0]?.launch_year, null)
  })
})

describe('rockets of the GraphQL API', () => {
  it('are taken with whatever is null', () => {
    const { rows, rejected } = foldFeed(rockets, [
      {
        id: 'a',
        name: 'A',
        diameter: null,
        mass: { kg: null },
        engines: null,
        landing_legs: { number: 0, material: null },
      },
    ])
    assert.deepEqual(rejected, [])
    assert.equal(rows['staging.rocket']?.[0]?.landing_legs_number, 0)
    assert.equal(rows['staging.rocket']?.[0]?.mass_kg, null)
  })
})
