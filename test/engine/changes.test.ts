import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom } from '../../simulators/rockets/random.ts'
import type { Change } from '../../src/engine/contract.ts'
import { expectedLevels, type Level } from '../live/expected-levels.ts'
import { METERS, meter } from '../live/meters.ts'
import { seedOf } from '../seed.ts'
import { until } from '../until.ts'
import { type Ground, newGround } from './ground.ts'

/** Each meter's levels as changes tell them, lane by lane. */
const levelsOf = (changes: readonly Change[]) =>
  Map.groupBy(
    changes.map(({ json }) => JSON.parse(json) as Level),
    level => level.meter,
  )

/** Everything, each page by a reader that knows nothing, or by one that remembers. */
async function readAll(ground: Ground, pageOf: () => number, remembers: boolean): Promise<Change[]> {
  const { positions } = await ground.engine.recordPlace('meters')
  const one = ground.engine.changes('meters')
  const changes: Change[] = []
  for (const [lane, end] of positions.entries())
    for (let after = 0; after < end; ) {
      const reader = remembers ? one : ground.engine.changes('meters')
      const page = await reader.read([{ lane, after, upTo: after + pageOf() }])
      assert.equal(page[0]?.position, after + 1)
      changes.push(...page)
      after = page.at(-1)?.position ?? end
    }
  return changes
}

describe('changes', () => {
  test('say the same whoever reads them, from wherever: over snapshots, and what came late below them', async t => {
    const random = createRandom(seedOf(t, import.meta.filename), 'changes')
    const ground = await newGround([METERS], { sweepMs: 20 })
    const events = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => meter('a', from + index, (from + index) % 13))
    const late = [300, 301, 1500, 2100]
    const numbers = events(1, 2300).filter((_, index) => !late.includes(index + 1))
    await ground.send('meters', ...numbers, meter('b', 1, 4))
    await until('the holes are released', async () => {
      return (await ground.value('select max(frontier) from groundstation.key')) === 2300
    })
    for (const number of [1500, 300, 2100]) {
      await ground.send('meters', meter('a', number, 7))
      await ground.send('meters', ...events(2301, 2301 + random.below(3)))
    }
    await ground.send('meters', ...events(2302, 2310), meter('a', 301, 100))
    const expected = await expectedLevels(ground)
    for (const [pageOf, remembers] of [
      [() => 100_000, false],
      [() => 1 + random.below(900), false],
      [() => 1 + random.below(900), true],
    ] as const)
      assert.deepEqual(levelsOf(await readAll(ground, pageOf, remembers)), expected)
    const end = await ground.engine.stateAt('meters', 'a', 2310)
    assert.deepEqual(end?.state.total, expected.get('a')?.at(-1)?.total)
  })

  test('say complete where what is missing was voided', async () => {
    const ground = await newGround([METERS], { sweepMs: 20 })
    await ground.send('meters', meter('a', 1, 5), '{"meter":"a","number":2,"by":"x","kind":"odd"}', meter('a', 3, 5))
    const letter = Number(await ground.value('select id from groundstation.dead_letter'))
    await ground.engine.dismiss('meters', letter)
    await ground.send('meters', meter('a', 4, 1))
    const told = levelsOf(await readAll(ground, () => 1, false)).get('a')
    assert.deepEqual(
      told?.map(({ sequence, total, complete }) => [sequence, total, complete]),
      [
        [1, 5, true],
        [3, 10, true],
        [4, 11, true],
      ],
    )
  })
})
