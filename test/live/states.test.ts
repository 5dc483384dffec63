import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { newGround, openGround } from '../engine/ground.ts'
import { until } from '../until.ts'
import { METERS, meter, serveLive } from './meters.ts'
import { type Reader, read } from './reader.ts'

type Level = { meter: string; total: number; last: string; sequence: number; complete: boolean }

const levels = (reader: Reader): Level[] =>
  reader.received.filter(({ event }) => event === 'state').map(({ data }) => JSON.parse(data) as Level)
const get = async (url: string) => (await (await fetch(url)).json()) as unknown

/** Resolves with what a client has got once it knows that a key stands at a number. */
const reached = async (reader: Reader, meter: string, sequence: number): Promise<Level[]> => {
  await until(`${meter} ${sequence}`, async () =>
    levels(reader).some(level => level.meter === meter && level.sequence === sequence),
  )
  return levels(reader)
}

describe('a stream of states', () => {
  test('gives what is, then each change, as GET gives it', async t => {
    const ground = await newGround([METERS])
    const { url } = await serveLive(t, ground)
    await ground.send('meters', meter('a', 1, 5), meter('a', 2, 6), meter('b', 1, 7))
    const all = await read(`${url}/levels`)
    const one = await read(`${url}/levels/a`)
    assert.deepEqual((await reached(all, 'b', 1)).map(({ meter, total }) => [meter, total]).sort(), [
      ['a', 11],
      ['b', 7],
    ])
    await reached(one, 'a', 2)
    await ground.send('meters', meter('b', 2, 1), meter('a', 3, 1), meter('a', 4, 1), meter('c', 1, 9))
    await reached(one, 'a', 4)
    await reached(all, 'c', 1)
    const got = await reached(all, 'a', 4)
    assert.deepEqual(
      levels(one).map(({ total }) => total),
      [11, 12, 13],
    )
    assert.deepEqual(
      got.filter(({ meter }) => meter === 'a').map(({ total }) => total),
      [11, 12, 13],
    )
    for (const key of ['a', 'b', 'c'])
      assert.deepEqual(
        got.findLast(({ meter }) => meter === key),
        await get(`${url}/levels/${key}`),
      )
    all.close()
    one.close()
  })
})
void openGround
