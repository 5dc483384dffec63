import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { foldFeed } from 'groundstation/testing'
import launches from './spacex-launches.ts'

const CAPTURE = new URL('../../shared/data/spacex-rest/launches_2022-09.json', import.meta.url)
const skip = !existsSync(CAPTURE) && !process.env.CI ? 'the capture of launches is not here' : false

describe('launches', () => {
  const planned = { id: 'a', success: null }
  const flown = { id: 'a', success: true }
  const rowOf = (launch: object) => ({
    id: 'a',
    simulated_total_payload_mass_kg: 0,
    simulated_delay_minutes: 91,
    raw_data: launch,
  })

  it('that are polled again unchanged are duplicates; the latest version is the row', () => {
    const { rows, duplicates } = foldFeed(launches, [planned, planned, flown])
    assert.deepEqual(rows.raw_launches, [rowOf(flown)])
    assert.deepEqual(duplicates, [planned])
  })

  it('that go back to how they were are a new version', () => {
    const { rows, duplicates } = foldFeed(launches, [planned, flown, planned])
    assert.deepEqual(rows.raw_launches, [rowOf(planned)])
    assert.deepEqual(duplicates, [])
  })

  it('that were captured are one row each, however often they come', { skip }, () => {
    const captured = JSON.parse(readFileSync(CAPTURE, 'utf8')) as object[]
    assert.equal(captured.length, 193)
    const { rows, rejected, duplicates } = foldFeed(launches, [...captured, ...captured])
    assert.deepEqual(rejected, [])
    assert.equal(rows.raw_launches?.length, 193)
    assert.equal(duplicates.length, 193)
    const all = captured as { id: string; payloads: string[] }[]
    for (const { id, simulated_total_payload_mass_kg: mass, simulated_delay_minutes: minutes } of rows.raw_launches ??
      []) {
      const count = all.find(launch => launch.id === id)?.payloads.length ?? -1
      assert.ok(Number(mass) >= 2_000 * count && Number(mass) <= 6_000 * count, `${id}: ${mass} kg`)
      assert.ok(Number(minutes) >= 0 && Number(minutes) <= 120, `${id}: ${minutes} minutes`)
    }
  })

  it('have simulated values that are the same each time, and another launch has others', () => {
    const launch = (id: string) => ({ id, payloads: ['p', 'q'] })
    const { rows } = foldFeed(launches, [launch('a'), launch('b')])
    const values = rows.raw_launches?.map(({ id, raw_data: _, ...simulated }) => [id, ...Object.values(simulated)])
    assert.deepEqual(values, [
      ['a', 7886, 91],
      ['b', 7569, 69],
    ])
  })
})
