import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import feeds from '../../feeds/spacex-launches.ts'
import { seedOf } from '../seed.ts'
import { type Api, api, captures } from '../simulators/spacex/api.ts'
import { openSeveral } from './several.ts'
import { countsOf } from './world.ts'

type Launch = { readonly id: string; readonly date_utc: string; readonly payloads: readonly string[] }
type Payload = { readonly id: string; readonly mass_kg: number | null }

const openWorld = (t: TestContext, url: string) =>
  openSeveral(t, feeds, {
    prefix: 'spacex-',
    order: ['launches', 'payloads', 'rockets', 'launchpads'],
    settings: { SPACEX_URL: url },
  })

/** What a poll at each moment would see, kept apart: every launch's versions, as the API told them. */
class Seen {
  readonly versions = new Map<string, Launch[]>()

  async look({ get }: Api): Promise<void> {
    for (const launch of (await get<Launch[]>('/v4/launches')).body) {
      const known = this.versions.get(launch.id) ?? []
      if (JSON.stringify(known.at(-1)) !== JSON.stringify(launch)) this.versions.set(launch.id, [...known, launch])
    }
  }

  /** The last date minus the first; null for one that never moved. */
  delayOf(id: string): number | null {
    const dates = (this.versions.get(id) ?? []).map(({ date_utc }) => Date.parse(date_utc))
    const hasMoved = dates.some(date => date !== dates[0])
    return hasMoved ? Math.round(((dates.at(-1) ?? 0) - (dates[0] ?? 0)) / 60_000) : null
  }
}

describe('the SpaceX REST feeds', () => {
  it('are polled from one API, and give each captured launch the mass of its payloads', async t => {
    const given = captures(t)
    if (given === undefined) return
    const simulated = await api(t, { data: given.folder })
    const { poll, rows, differences } = await openWorld(t, simulated.url)
    const counts = [193, 225, 4, 6]
    assert.deepEqual(
      (await poll()).map(countsOf),
      counts.map(count => [count, 0, 0, 0]),
    )
    assert.deepEqual(
      (await poll()).map(countsOf),
      counts.map(count => [0, 0, count, 0]),
    )
    const masses = new Map<string, number | null>()
    for (const { id, mass_kg } of await given.read<Payload[]>('spacex-rest/payloads.json')) masses.set(id, mass_kg)
    const expected = (await given.read<Launch[]>('spacex-rest/launches_2022-09.json')).map(({ id, payloads }) => {
      const all = payloads.map(payload => masses.get(payload) ?? Number.NaN)
      const grams = Math.round(all.reduce((sum, mass) => sum + mass, 0) * 1_000)
      return { id, mass: all.length === 0 || Number.isNaN(grams) ? null : (grams / 1_000).toFixed(3) }
    })
    const told = await rows('select id, payload_mass_kg as mass from raw_launches order by id')
    assert.deepEqual(
      told,
      expected.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
    assert.equal(told.filter(({ mass }) => mass === null).length, 28)
    const [sites] = await rows('select count(*)::int as n, count(site)::int as named from analytics.launch_sites')
    assert.ok(Number(sites?.n) > 0 && sites?.n === sites?.named, 'launchpads have their names')
    assert.deepEqual(await differences(), [])
  })

  it('tell how far each date has slipped between polls, and each version as the API told it then', async t => {
    const seed = seedOf(t, import.meta.filename)
    const simulated = await api(t, { launches: 60, seed, time: '2015-01-01T00:00:00Z' })
    const { engine, poll, rows, differences } = await openWorld(t, simulated.url)
    const seen = new Seen()
    for (let step = 0; step < 30; step++) {
      const [{ failure } = {}] = await poll(['launches'])
      assert.equal(failure, undefined)
      await seen.look(simulated)
      await simulated.post('/_time', step === 28 ? { time: 'end' } : { by: '480h' })
    }
    const delays = new Map([...seen.versions.keys()].map(id => [id, seen.delayOf(id)]))
    const told = await rows('select id, delay_minutes from raw_launches')
    assert.deepEqual(new Map(told.map(row => [row.id, row.delay_minutes])), delays)
    const known = [...delays.values()].filter(delay => delay !== null)
    assert.ok(known.length > 5 && known.length < delays.size, `${known.length} of ${delays.size} were seen to slip`)
    const [totals] = await rows(`select launches_seen_to_slip::int as n, true_average_delay_minutes::float8 as mean,
      (select max(true_maximum_delay_hours)::float8 from analytics.delays_by_year) as most from launch_aggregates_view`)
    assert.equal(totals?.n, known.length)
    assert.ok(Math.abs(Number(totals?.mean) - known.reduce((sum, one) => sum + one, 0) / known.length) < 0.006)
    assert.ok(Math.abs(Number(totals?.most) - Math.max(...known) / 60) < 0.006)
    for (const [id, versions] of seen.versions)
      for (const [index, version] of versions.entries()) {
        const at = await engine.stateAt('spacex-launches', id, index + 1)
        const { first_date_utc, delay_minutes: _, ...launch } = at?.state ?? {}
        assert.deepEqual(launch, version)
        assert.equal(first_date_utc, versions[0]?.date_utc)
      }
    assert.deepEqual(await differences(), [])
  })
})
