import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import launches from '../../feeds/spacex-launches.ts'
import { captured } from '../captures.ts'
import { newGround } from '../engine/ground.ts'

type Launch = {
  readonly id: string
  readonly name: string
  readonly date_utc: string
  readonly success: boolean | null
  readonly launchpad: string
}
type Simulated = { readonly mass: number; readonly minutes: number }

const round = (value: number) => Number(value.toFixed(2))
const mean = (values: readonly number[]) => round(values.reduce((sum, value) => sum + value, 0) / values.length)
const byText = (a: string, b: string) => (a < b ? -1 : 1)

test('the analytics of the captured launches are what a few lines over the capture give', async t => {
  const path = captured(t, 'spacex-rest/launches_2022-09.json')
  if (path === undefined) return
  const all = JSON.parse(await readFile(path, 'utf8')) as Launch[]
  const ground = await newGround([launches])
  await ground.send('spacex-launches', ...all.map(launch => JSON.stringify(launch)))
  const rows = async (sql: string) => (await ground.rows(sql)).map(numbers)
  const simulated = new Map<string, Simulated>()
  for (const row of await ground.rows('select * from raw_launches'))
    simulated.set(String(row.id), {
      mass: Number(row.simulated_total_payload_mass_kg),
      minutes: Number(row.simulated_delay_minutes),
    })
  const massOf = ({ id }: Launch) => simulated.get(id)?.mass ?? Number.NaN
  const minutesOf = ({ id }: Launch) => simulated.get(id)?.minutes ?? Number.NaN
  const successes = (some: readonly Launch[]) => some.filter(({ success }) => success === true).length
  const years = groups(all, ({ date_utc }) => String(new Date(date_utc).getUTCFullYear()))

  assert.deepEqual(await rows('select * from launch_aggregates_view'), [
    {
      total_launches: 193,
      total_successful_launches: successes(all),
      average_payload_mass: mean(all.map(massOf)),
      average_launch_delay_minutes: mean(all.map(minutesOf)),
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
  const heaviest = [...all].sort((a, b) => massOf(b) - massOf(a))
  const ranked = heaviest.map(launch => ({
    rank: heaviest.findIndex(other => massOf(other) === massOf(launch)) + 1,
    id: launch.id,
    name: launch.name,
    payload_mass_kg: massOf(launch),
  }))
  assert.deepEqual(
    await rows('select * from analytics.top_payload_masses'),
    ranked.filter(({ rank }) => rank <= 5).sort((a, b) => a.rank - b.rank || byText(a.id, b.id)),
  )
  assert.deepEqual(
    await rows('select * from analytics.delays_by_year'),
    years.map(([year, some]) => ({
      year: Number(year),
      average_delay_hours: round(some.map(minutesOf).reduce((sum, one) => sum + one) / some.length / 60),
      maximum_delay_hours: round(Math.max(...some.map(minutesOf)) / 60),
    })),
  )
  const sites = groups(all, ({ launchpad }) => launchpad).map(([launchpad, some]) => ({
    launchpad,
    launches: some.length,
    average_payload_mass_kg: mean(some.map(massOf)),
  }))
  assert.deepEqual(
    await rows('select * from analytics.launch_sites'),
    sites.sort((a, b) => b.launches - a.launches || byText(a.launchpad, b.launchpad)),
  )
})

test('a launch without a date, a site or a result is counted where it can be', async () => {
  const ground = await newGround([launches])
  await ground.send('spacex-launches', '{"id":"a"}', '{"id":"b","date_utc":"soon","success":null,"launchpad":null}')
  assert.deepEqual((await ground.rows('select * from analytics.by_year')).map(numbers), [
    { year: null, successful_launches: 0, total_launches: 2, success_rate_percent: 0 },
  ])
  const [site] = (await ground.rows('select launchpad, launches from analytics.launch_sites')).map(numbers)
  assert.deepEqual(site, { launchpad: null, launches: 2 })
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
