import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { migrate } from '../../src/store/migrate.ts'
import { countFeeds } from '../../src/store/read/feeds.ts'
import { counterFeed, event } from '../engine/counter.ts'
import { type Ground, newGround } from '../engine/ground.ts'
import { check } from '../seed.ts'

/** As the public view has it. */
const listed = async ({ rows }: Ground) => {
  const [row] = await rows(
    `select count(*) filter (where status = 'open') as "openGaps", count(*) filter (where status = 'released') as "releasedGaps",
       coalesce(sum(to_number - from_number + 1) filter (where status = 'released'), 0)::bigint as "missingNumbers"
     from groundstation.gaps where feed = 'counter'`,
  )
  return row
}

const counted = async ({ store }: Ground) => {
  const counts = (await countFeeds(store.query)).get('counter')
  assert.ok(counts)
  const { openGaps, releasedGaps, missingNumbers } = counts
  return { openGaps, releasedGaps, missingNumbers }
}

test('the counts of gaps are those of the list, whatever is late, released, refused, voided or healed', async () => {
  const ground = await newGround([counterFeed({ maxHeld: 3 })])
  let keys = 0
  const sent = fc.array(fc.tuple(fc.integer({ min: 1, max: 24 }), fc.constantFrom('event', 'event', 'refused', 'void')))
  const batches = fc.array(sent, { minLength: 1, maxLength: 4 })
  await check(
    import.meta.filename,
    fc.asyncProperty(batches, async some => {
      const key = `key ${keys++}`
      for (const batch of some) {
        const texts = batch.map(([number, kind]) =>
          kind === 'event' ? event(key, number) : JSON.stringify({ key, number, add: 'x' }),
        )
        const outcomes = texts.length === 0 ? [] : await ground.send('counter', ...texts)
        for (const [index, outcome] of outcomes.entries())
          if (batch[index]?.[1] === 'void' && 'deadLetter' in outcome)
            await ground.engine.dismiss('counter', outcome.deadLetter)
        assert.deepEqual(await counted(ground), await listed(ground))
      }
    }),
    40,
  )
  const { releasedGaps, openGaps } = await counted(ground)
  assert.ok(releasedGaps > 0 && openGaps > 0)

  // What a database has that an older version wrote is counted as well.
  const before = await counted(ground)
  await ground.rows('alter table groundstation.key drop column released_gaps, drop column missing_numbers')
  await ground.rows('drop index groundstation.dead_letter_skipped')
  await ground.rows('delete from groundstation.migration where version = 16')
  await migrate(ground.store)
  assert.deepEqual(await counted(ground), before)
})

test('a gap that is released is counted until it is healed', async () => {
  const ground = await newGround([counterFeed({ maxHeld: 1 })])
  await ground.send('counter', event('a', 1), event('a', 5), event('a', 6), event('a', 8), event('a', 9))
  assert.deepEqual(await counted(ground), { openGaps: 0, releasedGaps: 2, missingNumbers: 4 })
  await ground.send('counter', event('a', 3))
  assert.deepEqual(await counted(ground), { openGaps: 0, releasedGaps: 3, missingNumbers: 3 })
  await ground.send('counter', event('a', 2), event('a', 4), event('a', 7))
  assert.deepEqual(await counted(ground), { openGaps: 0, releasedGaps: 0, missingNumbers: 0 })
})
