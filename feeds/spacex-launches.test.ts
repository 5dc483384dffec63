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

  it('that are polled again unchanged are duplicates; the latest version is the row', () => {
    const { rows, duplicates } = foldFeed(launches, [planned, planned, flown])
    assert.deepEqual(rows.raw_launches, [{ id: 'a', raw_data: flown }])
    assert.deepEqual(duplicates, [planned])
  })

  it('that go back to how they were are a new version', () => {
    const { rows, duplicates } = foldFeed(launches, [planned, flown, planned])
    assert.deepEqual(rows.raw_launches, [{ id: 'a', raw_data: planned }])
    assert.deepEqual(duplicates, [])
  })

  it('that were captured are one row each, however often they come', { skip }, () => {
    const captured = JSON.parse(readFileSync(CAPTURE, 'utf8')) as object[]
    assert.equal(captured.length, 193)
    const { rows, rejected, duplicates } = foldFeed(launches, [...captured, ...captured])
    assert.deepEqual(rejected, [])
    assert.equal(rows.raw_launches?.length, 193)
    assert.equal(duplicates.length, 193)
  })
})
