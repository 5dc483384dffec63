import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import spacex from '../../feeds/spacex-launches.ts'
import { captured } from '../captures.ts'
import { newGround } from '../engine/ground.ts'

type Launch = {
  readonly id: string
  readonly name: string
  readonly date_utc: string
  readonly success: boolean | null
  readonly launchpad: string
  readonly payloads: readonly string[]
}
type Payload = { readonly id: string; readonly mass_kg: number | null }
type Simulated = { readonly mass: number; readonly minutes: number }

const round = (value: number) => Number(value.toFixed(2))
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const mean = (values: readonly number[]) => round(total(values) / values.length)
const meanOfKnown = (values: readonly (number | null)[]) => {
  const known = values.filter(value => value !== null)
  return known.length === 0 ? null : mean(known)
}
const byText = (a: string, b: string) => (a < b ? -1 : 1)

test('the analytics of the captured launches are what a few lines over the capture give', async t => {
  const read = async <Item>(path: string) => JSON.parse(await readFile(path, 'utf8')) as Item[]
  const [path, payloadPath] = ['launches_2022-09', 'payloads'].map(name => captured(t, `spacex-rest/${name}.json`))
  if (path === undefined || payloadPath === undefined) return
  // The capture has none without payloads, and none whose payloads nobody knows.
  const [one, other, ...rest] = await read<Launch>(path)
  assert.ok(one && other)
  const all: Launch[] = [{ ...one, payloads: [] }, { ...other, payloads: [...other.payloads, 'nobody'] }, ...rest]
  const payloads = await read<Payload>(payloadPath)
  const ground = await newGround(spacex)
  await ground.send('spacex-launches', ...all.map(launch => JSON.stringify(launch)))
  await ground.send('spacex-payloads', ...payloads.map(payload => JSON.stringify(payload)))
  const rows = async (sql: string) => (await ground.rows(sql)).map(numbers)
  const simulated = new Map<string, Simulated>()
  for (const row of await ground.rows('select * from raw_launches'))
    simulated.set(String(row.id), {
      mass: Number(row.simulated_total_payload_mass_kg),
      minutes: Number(row.simulated_delay_minutes),
    })
  const massOf = ({ id }: Launch) => simulated.get(id)?.mass ?? Number.NaN
  const minutesOf = ({ id }: Launch) => simulated.get(id)?.minutes ?? Number.NaN
  const kilograms = new Map(payloads.map(({ id, mass_kg }) => [id, mass_kg]))
  const trueMassOf = ({ payloads: ids }: Launch) => {
    const known = ids.map(id => kilograms.get(id) ?? null).filter(mass => mass !== null)
    return known.length > 0 && known.length === ids.length ? Number(total(known).toFixed(3)) : null
  }
  const successes = (some: readonly Launch[]) => some.filter(({ success }) => success === true).length
  const years = groups(all, ({ date_utc }) => String(new Date(date_utc).getUTCFullYear()))

  assert.deepEqual(
    await rows('select id, payload_mass_kg, delay_minutes from raw_launches order by id'),
    [...all]
      .sort((a, b) => byText(a.id, b.id))
      .map(launch => ({ id: launch.id, payload_mass_kg: trueMassOf(launch), delay_minutes: null })),
  )
  const unknown = all.filter(launch => trueMassOf(launch) === null)
  assert.equal(unknown.length, 29)
  assert.deepEqual(await rows('select * from launch_aggregates_view'), [
    {
      total_launches: 193,
      total_successful_launches: successes(all),
      average_payload_mass: mean(all.map(massOf)),
      average_launch_delay_minutes: mean(all.map(minutesOf)),
      launches_of_known_mass: 193 - 29,
      true_average_payload_mass_kg: meanOfKnown(all.map(trueMassOf)),
      launches_seen_to_slip: 0,
      true_average_delay_minutes: null,
    },
  ])
  assert.deepEqual(
    await rows('select * from analytics.by_year'),
    years.map(([year, some]) => ({
      year: Number(year),
      successful_launches: successes(some),
      total_launches: some.length,
      success_rate_percent: round((100 * successes(some)) / some.length),
    })),
  )
  const rankBy = (of: (launch: Launch) => number | null) => (launch: Launch) => {
    const mass = of(launch)
    return mass === null ? null : all.filter(other => (of(other) ?? -1) > mass).length + 1
  }
  const rankOf = rankBy(massOf)
  const ranked = all.map(launch => ({
    rank: rankOf(launch) ?? 0,
    id: launch.id,
    name: launch.name,
    payload_mass_kg: massOf(launch),
    true_payload_mass_kg: trueMassOf(launch),
    true_rank: rankBy(trueMassOf)(launch),
  }))
  assert.deepEqual(
    await rows('select * from analytics.top_payload_masses'),
    ranked.filter(({ rank }) => rank <= 5).sort((a, b) => a.rank - b.rank || byText(a.id, b.id)),
  )
  const heaviest = ranked.flatMap(({ id, name, true_payload_mass_kg: mass, true_rank: rank }) =>
    rank !== null && rank <= 5 ? [{ rank, id, name, payload_mass_kg: mass }] : [],
  )
  assert.deepEqual(
    await rows('select * from analytics.top_true_payload_masses'),
    heaviest.sort((a, b) => a.rank - b.rank || byText(a.id, b.id)),
  )
  assert.deepEqual(
    await rows('select * from analytics.delays_by_year'),
    years.map(([year, some]) => ({
      year: Number(year),
      average_delay_hours: round(some.map(minutesOf).reduce((sum, one) => sum + one) / some.length / 60),
      maximum_delay_hours: round(Math.max(...some.map(minutesOf)) / 60),
      true_average_delay_hours: null,
      true_maximum_delay_hours: null,
    })),
  )
  const sites = groups(all, ({ launchpad }) => launchpad).map(([launchpad, some]) => ({
    launchpad,
    launches: some.length,
    average_payload_mass_kg: mean(some.map(massOf)),
    true_average_payload_mass_kg: meanOfKnown(some.map(trueMassOf)),
    site: null,
  }))
  assert.deepEqual(
    await rows('select * from analytics.launch_sites'),
    sites.sort((a, b) => b.launches - a.launches || byText(a.launchpad, b.launchpad)),
  )
})

test('a launch without a date, a site or a result is counted where it can be', async () => {
  const ground = await newGround(spacex)
  await ground.send('spacex-launches', '{"id":"a"}', '{"id":"b","date_utc":"soon","success":null,"launchpad":null}')
  assert.deepEqual((await ground.rows('select * from analytics.by_year')).map(numbers), [
    { year: null, successful_launches: 0, total_launches: 2, success_rate_percent: 0 },
  ])
  const [site] = (await ground.rows('select launchpad, launches from analytics.launch_sites')).map(numbers)
  assert.deepEqual(site, { launchpad: null, launches: 2 })
})

test('a mass is that of all payloads to the gram, or unknown; odd ones break no view', async () => {
  const ground = await newGround(spacex)
  const send = (feed: string, ...events: object[]) => ground.send(feed, ...events.map(event => JSON.stringify(event)))
  const odd = [null, 'p', 7, {}, [], [null], [{}], ['light', null], ['light', 'none'], ['light', 'huge'], ['nobody']]
  const known = [['light'], ['light', 'light'], ['light', 'gram'], Array.from({ length: 300 }, (_, n) => `most ${n}`)]
  await send('spacex-launches', ...[...odd, ...known].map((payloads, number) => ({ id: `a${number + 10}`, payloads })))
  const masses = async () =>
    (await ground.rows('select payload_mass_kg as mass from raw_launches order by id')).map(row => row.mass)
  assert.deepEqual(
    await masses(),
    [...odd, ...known].map(() => null),
    'nothing is known of payloads yet',
  )
  const many = Array.from({ length: 300 }, (_, n) => ({ id: `most ${n}`, mass_kg: 1e9 }))
  await send(
    'spacex-payloads',
    { id: 'light', mass_kg: 0.1 },
    { id: 'gram', mass_kg: 0.201 },
    { id: 'none', mass_kg: null },
    { id: 'huge', mass_kg: 1e300 },
    ...many,
  )
  assert.deepEqual(await masses(), [...odd.map(() => null), '0.100', '0.100', '0.301', '300000000000.000'])
  for (const { declaration } of spacex)
    for (const view of Object.keys(declaration.views ?? {})) await ground.rows(`select * from ${view}`)
  await send('spacex-payloads', { id: 'gram', mass_kg: null })
  assert.equal((await masses())[odd.length + 2], null, 'a mass that is taken back is unknown again')
})

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): [string, Item[]][] {
  const found = new Map<string, Item[]>()
  for (const item of items) found.set(keyOf(item), [...(found.get(keyOf(item)) ?? []), item])
  return [...found].sort(([a], [b]) => byText(a, b))
}

/** PostgreSQL's decimals as numbers. */
const numbers = (row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value,
    ]),
  )
