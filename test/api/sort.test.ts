import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { defineFeed, http, Type } from '../../src/index.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from '../engine/ground.ts'
import { serveLive } from '../live/meters.ts'
import { pages } from './serve.ts'

const feed = (isText: boolean) =>
  defineFeed({
    name: 'meters',
    source: http({ path: '/meters' }),
    event: Type.Object({ meter: Type.String(), number: Type.Integer({ minimum: 1 }), by: Type.Integer() }),
    identity: { key: 'meter', sequence: 'number' },
    state: {
      path: '/levels',
      key: 'meter',
      sort: ['last', 'isHigh'],
      schema: Type.Object({
        last: Type.Union([Type.Integer(), Type.String()]),
        isHigh: Type.Union([Type.Boolean(), Type.Integer()]),
      }),
      version: isText ? 1 : 2,
      initial: { last: '', isHigh: 7 },
      evolve: (_, { by }) => (isText ? { last: `x${by}`, isHigh: by } : { last: by, isHigh: by > 1 }),
    },
  })

const event = (meter: string, by: number) => JSON.stringify({ meter, number: 1, by })

test('a state that an older declaration folded is listed, whatever the type of a field was then', async t => {
  const url = await freshDatabase({ after })
  const older = await openGround(url, [feed(true)])
  await older.send('meters', event('a', 5), event('b', 5))
  await older.engine.stop()
  const ground = await openGround(url, [feed(false)])
  await ground.send('meters', event('c', 3), event('d', 1))
  const served = await serveLive(t, ground)
  for (const [sort, first] of [
    ['last', 'd'],
    ['-last', 'c'],
    ['isHigh', 'd'],
    ['-isHigh', 'c'],
  ] as const) {
    const listed = await pages(`${served.url}/levels?sort=${sort}&limit=1`)
    assert.deepEqual(
      listed.flat().map(({ meter }) => meter),
      [first, first === 'c' ? 'd' : 'c', 'a', 'b'],
      sort,
    )
  }
})
