import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { api, captures, type Launch } from './api.ts'

/** As system G asks for them. */
const LAUNCHES = `query ($limit: Int, $offset: Int) { launches(limit: $limit, offset: $offset) { id details is_tentative launch_date_utc
  launch_success mission_id mission_name rocket { rocket { id } } static_fire_date_utc telemetry { flight_club }
  tentative_max_precision upcoming links { article_link mission_patch mission_patch_small presskit reddit_campaign reddit_launch
  reddit_media reddit_recovery video_link wikipedia } } }`
const ROCKETS = `{ rockets { active boosters company cost_per_launch country description diameter { meters } first_flight
  height { meters } id landing_legs { number material } mass { kg } name success_rate_pct type wikipedia engines { type } } }`

type GraphqlLaunch = {
  readonly id: string
  readonly mission_id: readonly string[]
  readonly mission_name: string
  readonly launch_success: boolean | null
  readonly links: Readonly<Record<string, unknown>>
}
type Captured = {
  readonly data: { readonly launchesPastResult: { readonly data: readonly GraphqlLaunch[] } }
}

describe('the simulated GraphQL API, from captures', () => {
  it('answers the query that was captured with what was captured', async t => {
    const given = captures(t)
    if (given === undefined) return
    const captured = await given.read<Captured>('spacex-graphql/launchesPastResult.json')
    const { graphql } = await api(t, { data: given.folder })
    const answer =
      await graphql(`{ launchesPastResult { result { totalCount } data { details id launch_success launch_date_utc
      mission_id mission_name rocket { rocket_name } links { article_link flickr_images } launch_site { site_name } } } }`)
    assert.equal(captured.data.launchesPastResult.data.length, 109)
    assert.deepEqual(answer, captured.data)
  })

  it('has each field that was not captured from REST, by its name or its flight number', async t => {
    const given = captures(t)
    if (given === undefined) return
    const rest = await given.read<(Launch & Record<string, unknown>)[]>('spacex-rest/launches_2022-09.json')
    const { graphql } = await api(t, { data: given.folder })
    const { launches } = await graphql<{ launches: (GraphqlLaunch & Record<string, unknown>)[] }>(LAUNCHES)
    assert.equal(launches.length, 109)
    for (const launch of launches) {
      const same =
        rest.find(({ name }) => name === launch.mission_name) ??
        rest.find(({ flight_number }) => String(flight_number) === launch.id)
      assert.ok(same)
      const { patch, presskit, reddit, webcast, wikipedia } = same.links as Record<string, Record<string, unknown>>
      const { article_link: _, ...links } = launch.links
      assert.deepEqual(links, {
        mission_patch: patch?.large,
        mission_patch_small: patch?.small,
        presskit,
        reddit_campaign: reddit?.campaign,
        reddit_launch: reddit?.launch,
        reddit_media: reddit?.media,
        reddit_recovery: reddit?.recovery,
        video_link: webcast,
        wikipedia,
      })
      assert.deepEqual(launch.rocket, { rocket: { id: same.rocket } })
      assert.equal(launch.upcoming, false)
      assert.equal(launch.static_fire_date_utc, same.static_fire_date_utc)
    }
  })

  it('has the rockets of REST, and the missions that launches name', async t => {
    const given = captures(t)
    if (given === undefined) return
    const [captured, rockets] = [
      await given.read<Captured>('spacex-graphql/launchesPastResult.json'),
      await given.read<Record<string, unknown>[]>('spacex-rest/rockets.json'),
    ]
    const { graphql } = await api(t, { data: given.folder })
    const answer = await graphql<{ rockets: Record<string, unknown>[] }>(ROCKETS)
    assert.equal(answer.rockets.length, 4)
    for (const [index, rocket] of answer.rockets.entries())
      for (const name of ['id', 'name', 'wikipedia', 'success_rate_pct', 'cost_per_launch', 'first_flight'])
        assert.equal(rocket[name], rockets[index]?.[name])
    const { missions } = await graphql<{ missions: { id: string; name: string }[] }>('{ missions { id name } }')
    const named = new Set(captured.data.launchesPastResult.data.flatMap(({ mission_id }) => mission_id))
    assert.deepEqual(new Set(missions.map(({ id }) => id)), named)
    assert.ok(missions.every(({ id, name }) => name !== '' && name !== id))
  })
})

describe('the simulated GraphQL API, with launches made up', () => {
  it('pages by limit and offset, finds and sorts', async t => {
    const { graphql } = await api(t, { launches: 60 })
    const all = (await graphql<{ launches: GraphqlLaunch[] }>(LAUNCHES)).launches
    assert.equal(all.length, 60)
    const paged: GraphqlLaunch[] = []
    for (let offset = 0; offset < 80; offset += 25)
      paged.push(...(await graphql<{ launches: GraphqlLaunch[] }>(LAUNCHES, { limit: 25, offset })).launches)
    assert.deepEqual(paged, all)
    const mission = all.find(({ mission_id }) => mission_id.length > 0)?.mission_id[0]
    const { launches } = await graphql<{ launches: GraphqlLaunch[] }>(
      `{ launches(find: {mission_id: "${mission}"}, sort: "launch_date_utc", order: "desc") { id launch_date_utc } }`,
    )
    assert.equal(launches.length, all.filter(({ mission_id }) => mission_id.includes(mission ?? '')).length)
    assert.ok(new Set(all.map(({ mission_id }) => mission_id.length)).has(0))
  })

  it('refuses what the schema lacks, as GraphQL does', async t => {
    const { post } = await api(t, { launches: 1 })
    for (const body of [{ query: '{ ships { id } }' }, { query: '{' }, {}]) {
      const answer = await post<{ errors: { message: string }[] }>('/graphql', body)
      assert.equal(answer.status, 400)
      assert.ok(answer.body.errors.length > 0)
    }
  })
})
