import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { foldFeed } from 'groundstation/testing'
import feeds from './spacex-launches.ts'

const [launches, payloads, ...places] = feeds
assert.ok(launches && payloads && places.length === 2)

const CAPTURES = new URL('../../shared/data/spacex-rest/', import.meta.url)
const skip = !existsSync(CAPTURES) && !process.env.CI ? 'the captures of the API are not here' : false
const captured = <Item>(name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, CAPTURES), 'utf8')) as Item[]

describe('launches', () => {
  const planned = { id: 'a', success: null }
  const flown = { id: 'a', success: true }
  const rowOf = (launch: { id: string; success: boolean | null }) => ({
    id: 'a',
    name: null,
    date_utc: null,
    success: launch.success,
    rocket: null,
    launchpad: null,
    payloads: [],
    simulated_total_payload_mass_kg: 0,
    simulated_delay_minutes: 91,
    raw_data: launch,
  })

  it('that are polled again unchanged are duplicates; the latest version is the row', () => {
    const { rows, duplicates } = foldFeed(launches, [planned, planned, flown])
    assert.deepEqual(rows['spacex.launch'], [rowOf(flown)])
    assert.deepEqual(duplicates, [planned])
  })

  it('that go back to how they were are a new version', () => {
    const { rows, states, duplicates } = foldFeed(launches, [planned, flown, planned])
    assert.deepEqual(rows['spacex.launch'], [rowOf(planned)])
    assert.deepEqual(duplicates, [])
    assert.equal(states.get('a')?.version, 3)
  })

  it('that were captured are one row each, however often they come', { skip }, () => {
    const all = captured<{ id: string; payloads: string[] }>('launches_2022-09')
    assert.equal(all.length, 193)
    const { rows, rejected, duplicates } = foldFeed(launches, [...all, ...all])
    assert.deepEqual(rejected, [])
    assert.equal(rows['spacex.launch']?.length, 193)
    assert.equal(duplicates.length, 193)
    for (const row of rows['spacex.launch'] ?? []) {
      const { id, simulated_total_payload_mass_kg: mass, simulated_delay_minutes: minutes } = row
      const count = all.find(launch => launch.id === id)?.payloads.length ?? -1
      assert.ok(Number(mass) >= 2_000 * count && Number(mass) <= 6_000 * count, `${id}: ${mass} kg`)
      assert.ok(Number(minutes) >= 0 && Number(minutes) <= 120, `${id}: ${minutes} minutes`)
    }
  })

  it('have simulated values that are the same each time, and another launch has others', () => {
    const launch = (id: string) => ({ id, payloads: ['p', 'q'] })
    const { rows } = foldFeed(launches, [launch('a'), launch('b')])
    const values = rows['spacex.launch']?.map(row => [
      row.id,
      row.simulated_total_payload_mass_kg,
      row.simulated_delay_minutes,
    ])
    assert.deepEqual(values, [
      ['a', 7886, 91],
      ['b', 7569, 69],
    ])
  })

  it('are delayed by so much as their date has moved since it was first seen', () => {
    const dates = (...all: unknown[]) => {
      const versions = all.map((date_utc, number) => ({ id: 'a', date_utc, number }))
      const { states, skipped, rejected } = foldFeed(launches, versions)
      assert.deepEqual([skipped, rejected], [[], []])
      return states.get('a')?.delay_minutes
    }
    const at = (day: number, time = '00:00:00.000Z') => `2022-03-0${day}T${time}`
    assert.equal(dates(at(1)), null)
    assert.equal(dates(at(1), at(1)), null)
    assert.equal(dates(at(1), at(2)), 1_440)
    assert.equal(dates(at(1), at(3), at(2)), 1_440)
    assert.equal(dates(at(2), at(1)), -1_440)
    assert.equal(dates(at(1), at(2), at(1)), 0, 'it has moved, and back')
    assert.equal(dates(at(1), at(1, '01:00:00+01:00')), null, 'the same moment in other words')
    assert.equal(dates(at(1), at(1, '00:01:29.999Z')), 1)
    assert.equal(dates(null, at(1), undefined, at(2)), 1_440)
    for (const odd of [
      null,
      undefined,
      'soon',
      '',
      7,
      {},
      '2022-03-01',
      '2022-03-01T00:00:00',
      '9999-13-01T00:00:00Z',
    ]) {
      assert.equal(dates(odd, odd), null)
      assert.equal(dates(at(1), at(2), odd), 1_440, 'what is no time moves nothing')
    }
    assert.equal(dates('1000-01-01T00:00:00Z', '2999-12-31T23:59:59Z'), 1_051_898_400, 'an integer has room')
  })

  it('are told with all that the API gave, beside what is true of them', () => {
    const first = { id: 'a', date_utc: '2022-03-01T00:00:00Z', links: { patch: null }, delay_minutes: 'x' }
    const { states } = foldFeed(launches, [first, { ...first, date_utc: '2022-03-01T01:00:00Z', links: {} }])
    assert.deepEqual(states.get('a'), {
      id: 'a',
      first_date_utc: '2022-03-01T00:00:00Z',
      delay_minutes: 60,
      date_utc: '2022-03-01T01:00:00Z',
      links: {},
      version: 2,
      time: null,
      complete: true,
    })
  })

  it('are taken whatever their payloads are', () => {
    const odd = [null, undefined, 'p', 7, {}, [], [null], [{}], [['p']], ['p', 'p']]
    const events = odd.map((one, number) => ({ id: `a${number}`, payloads: one, name: 7, success: 'yes' }))
    const { rows, rejected, skipped } = foldFeed(launches, events)
    assert.deepEqual([rejected, skipped], [[], []])
    const kept = rows['spacex.launch']?.map(row => row.payloads)
    assert.deepEqual(kept, [[], [], [], [], [], [], [null], [{}], [['p']], ['p']])
  })
})

describe('payloads, rockets and launchpads', () => {
  it('that were captured are one row each', { skip }, () => {
    const files = [
      [payloads, 'payloads', 'spacex.payload', 225],
      [places[0], 'rockets', 'spacex.rocket', 4],
      [places[1], 'launchpads', 'spacex.launchpad', 6],
    ] as const
    for (const [feed, name, table, count] of files) {
      assert.ok(feed)
      const { rows, rejected } = foldFeed(feed, captured<object>(name))
      assert.deepEqual(rejected, [])
      assert.equal(rows[table]?.length, count)
    }
    const { rows } = foldFeed(payloads, captured<object>('payloads'))
    const known = captured<{ mass_kg: number | null }>('payloads').filter(({ mass_kg }) => mass_kg !== null)
    assert.equal(rows['spacex.payload']?.filter(({ mass_kg }) => mass_kg !== null).length, known.length)
  })

  it('have no mass where it is none', () => {
    const masses = [1500, 22.7, 0, 1e9, null, undefined, '1500', -1, 1e10, [1], true]
    const { rows, rejected } = foldFeed(
      payloads,
      masses.map((mass_kg, number) => ({ id: `p${number}`, mass_kg })),
    )
    assert.deepEqual(rejected, [])
    const kept = rows['spacex.payload']?.map(({ mass_kg }) => mass_kg)
    assert.deepEqual(kept, [1500, 22.7, 0, 1e9, null, null, null, null, null, null, null])
  })
})
