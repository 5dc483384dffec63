import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import feeds from '../../feeds/spacex-graphql.ts'
import { simulateSpacex } from '../../simulators/spacex/index.ts'
import { seedOf } from '../seed.ts'
import { captures } from '../simulators/spacex/api.ts'
import { openSeveral, type Several as World } from './several.ts'
import { countsOf } from './world.ts'

const ORDER = ['missions', 'rockets', 'launches']

/** The three feeds on a database of their own, polling a simulated API. */
const openWorld = (t: TestContext, url: string): Promise<World> =>
  openSeveral(t, feeds, { prefix: 'spacex-graphql-', order: ORDER, settings: { SPACEX_GRAPHQL_URL: `${url}/graphql` } })

const PUBLICATIONS = 'select * from marts.publication order by entity'

type Launch = {
  readonly id: string
  readonly mission_name: string
  readonly launch_success: boolean | null
  readonly launch_date_utc: string
  readonly mission_id: readonly string[]
  readonly links: { readonly article_link: string | null }
}
type Rest = {
  readonly name: string
  readonly flight_number: number
  readonly links: { readonly wikipedia: string | null }
}

describe('the SpaceX GraphQL feeds, on what was captured', () => {
  it('fill staging and marts with what the files have', async t => {
    const given = captures(t)
    if (given === undefined) return
    type Answer = { readonly data: { readonly launchesPastResult: { readonly data: readonly Launch[] } } }
    const { data: launches } = (await given.read<Answer>('spacex-graphql/launchesPastResult.json')).data
      .launchesPastResult
    const rest = await given.read<Rest[]>('spacex-rest/launches_2022-09.json')
    const rockets = await given.read<{ wikipedia: string | null }[]>('spacex-rest/rockets.json')
    const wikipediaOf = ({ id, mission_name }: Launch) =>
      (rest.find(({ name }) => name === mission_name) ?? rest.find(one => String(one.flight_number) === id))?.links
        .wikipedia
    const spacex = await simulateSpacex({ data: given.folder })
    t.after(spacex.close)
    const { poll, rows, differences } = await openWorld(t, spacex.url)
    // Launches first: they mention what isn't there yet.
    assert.deepEqual((await poll(['launches', 'missions', 'rockets'])).map(countsOf), [
      [109, 0, 0, 0],
      [10, 0, 0, 0],
      [4, 0, 0, 0],
    ])
    const count = (some: readonly Launch[], isThere: (one: Launch) => unknown) => some.filter(isThere).length
    const withMission = launches.filter(({ mission_id }) => mission_id.length > 0)
    const publications = [
      ['launch', count(launches, one => one.links.article_link), count(launches, wikipediaOf)],
      ['mission', count(withMission, one => one.links.article_link), count(withMission, wikipediaOf)],
      ['rocket', 0, rockets.filter(({ wikipedia }) => wikipedia !== null).length],
    ].map(([entity, articles, wikipedia]) => ({ entity, articles, wikipedia }))
    assert.deepEqual(await rows(PUBLICATIONS), publications)
    assert.deepEqual(publications[0]?.articles, 105)
    const staged =
      await rows(`select l.external_object_id as id, l.launch_success as success, l.launch_year as year, m.external_object_id as mission,
      r.name is not null as has_rocket, (select array_agg(a.external_object_id order by lm.place) from staging.launch_mission lm
        join staging.mission a on a.id = lm.id_mission where lm.id_launch = l.id) as missions, k.article_link as article
      from staging.launch l join staging.launch_links k on k.id_launch = l.id left join staging.rocket r on r.id = l.id_rocket
      left join staging.mission m on m.id = l.id_mission order by l.external_object_id::int desc`)
    const expected = launches.map(launch => ({
      id: launch.id,
      success: launch.launch_success,
      year: new Date(launch.launch_date_utc).getUTCFullYear(),
      mission: launch.mission_id[0] ?? null,
      has_rocket: true,
      missions: launch.mission_id.length === 0 ? null : launch.mission_id,
      article: launch.links.article_link,
    }))
    assert.deepEqual(
      staged,
      expected.toSorted((a, b) => Number(b.id) - Number(a.id)),
    )
    const kinds =
      await rows(`select r.name, t.name as type, e.name as engines from staging.rocket r join staging.rocket_type t on t.id = r.id_rocket_type
      join staging.rocket_engines_type e on e.id = r.id_rocket_engines_type order by r.name`)
    assert.deepEqual(kinds, [
      { name: 'Falcon 1', type: 'rocket', engines: 'merlin' },
      { name: 'Falcon 9', type: 'rocket', engines: 'merlin' },
      { name: 'Falcon Heavy', type: 'rocket', engines: 'merlin' },
      { name: 'Starship', type: 'rocket', engines: 'raptor' },
    ])
    assert.deepEqual((await poll()).map(countsOf), [
      [0, 0, 10, 0],
      [0, 0, 4, 0],
      [0, 0, 109, 0],
    ])
    assert.deepEqual(await rows(PUBLICATIONS), publications)
    assert.deepEqual(await differences(), [])
  })

  it('have each column that the clients of the old system know', async t => {
    const spacex = await simulateSpacex({ launches: 1 })
    t.after(spacex.close)
    const { rows } = await openWorld(t, spacex.url)
    const columns =
      await rows(`select table_name as "table", string_agg(column_name, ' ' order by ordinal_position) as columns
      from information_schema.columns where table_schema in ('staging', 'marts') group by 1`)
    const of = Object.fromEntries(columns.map(row => [row.table, row.columns]))
    assert.equal(of.mission, 'id name external_object_id')
    assert.match(
      String(of.rocket),
      /^id external_object_id active boosters company cost_per_launch country description diameter_meters first_flight height_meters landing_legs_number landing_legs_material mass_kg name success_rate_pct wikipedia id_rocket_type\b/,
    )
    assert.equal(
      of.launch,
      'id external_object_id details is_tentative launch_date_utc launch_success launch_year static_fire_date_utc telemetry_flight_club tentative_max_precision upcoming id_mission id_rocket',
    )
    assert.equal(
      of.launch_links,
      'id id_launch article_link mission_patch mission_patch_small presskit reddit_campaign reddit_launch reddit_media reddit_recovery video_link wikipedia',
    )
    assert.equal(of.publication, 'entity articles wikipedia')
    assert.ok(of.rocket_type && of.rocket_engines_type)
  })
})

describe('the SpaceX GraphQL feeds, on a story', () => {
  it('end with the same tables, whatever was seen and failed on the way, and take nothing back', async t => {
    const seed = seedOf(t, import.meta.filename)
    const made = { launches: 60, seed }
    const end = await simulateSpacex(made)
    const told = await simulateSpacex({
      ...made,
      time: '2015-01-01T00:00:00Z',
      faults: '500=0.2,429=0.1,half=0.1,cut=0.05,graphql-errors=0.2,nulls=0.2,html=0.05,retry-after=0',
    })
    t.after(end.close)
    t.after(told.close)
    const [direct, followed] = [await openWorld(t, end.url), await openWorld(t, told.url)]
    await direct.poll()
    const move = (body: object) =>
      fetch(`${told.url}/_time`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    let failures = 0
    let articles = 0
    for (let step = 0; step < 24; step++) {
      const reports = await followed.poll([...ORDER].reverse())
      failures += reports.filter(({ failure }) => failure !== undefined).length
      const seen = Number((await followed.rows(`${PUBLICATIONS} limit 1`))[0]?.articles)
      assert.ok(seen >= articles, 'a failed poll takes nothing back')
      articles = seen
      await move({ by: '720h' })
    }
    assert.ok(failures > 0 && articles > 0, `${failures} failures, ${articles} articles`)
    await move({ time: 'end' })
    await fetch(`${told.url}/_faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"faults":""}',
    })
    await followed.poll()
    // By natural keys: who was mentioned first has the smaller number.
    const all = async ({ rows }: World) => [
      await rows(PUBLICATIONS),
      await rows(`select l.external_object_id, l.launch_date_utc, l.launch_success, l.upcoming, m.external_object_id as mission, r.name, k.article_link, k.video_link
        from staging.launch l join staging.launch_links k on k.id_launch = l.id left join staging.rocket r on r.id = l.id_rocket
        left join staging.mission m on m.id = l.id_mission order by 1`),
      await rows(`select l.external_object_id as launch, m.external_object_id as mission, lm.place from staging.launch_mission lm
        join staging.launch l on l.id = lm.id_launch join staging.mission m on m.id = lm.id_mission order by 1, 3`),
    ]
    assert.deepEqual(await all(followed), await all(direct))
    const [versions] = await followed.rows(
      "select count(*) as n from groundstation.record where feed = 'spacex-graphql-launches'",
    )
    assert.ok(Number(versions?.n) > 60, 'versions on the way are on the record')
    assert.deepEqual(await followed.differences(), [])
    assert.deepEqual(await direct.differences(), [])
  })
})
