import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { foldFeed } from 'groundstation/testing'
import detections from './detections.ts'

const CAPTURE = new URL('../../shared/data/vehicles/detections.ndjson', import.meta.url)
const skip = !existsSync(CAPTURE) && !process.env.CI ? 'the capture of detections is not here' : false
const seen = { Year: 2011, Make: 'Honda', Model: 'Civic', Category: 'Sedan' }

describe('detections', () => {
  it('that are equal are two rows', () => {
    const { rows, duplicates } = foldFeed(detections, [seen, seen])
    const row = { year: 2011, make: 'Honda', model: 'Civic', category: 'Sedan' }
    assert.deepEqual(rows.detections, [row, row])
    assert.deepEqual(duplicates, [])
  })

  it('are refused where a year is a text, or a make is missing', () => {
    const { rejected } = foldFeed(detections, [
      { ...seen, Year: '2011' },
      { ...seen, Make: undefined },
    ])
    assert.deepEqual(
      rejected.map(({ refusal }) => refusal.pointer),
      ['/Year', '/Make'],
    )
  })

  it('that were captured are all taken', { skip }, () => {
    const lines = readFileSync(CAPTURE, 'utf8')
      .split('\n')
      .filter(line => line !== '')
    const { rows, rejected } = foldFeed(detections, lines)
    assert.deepEqual(rejected, [])
    assert.equal(lines.length, 4000)
    assert.equal(rows.detections?.length, 4000)
  })
})
