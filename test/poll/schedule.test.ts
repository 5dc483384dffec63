import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PollStanding } from '../../src/engine/contract.ts'
import { type Every, parseEvery } from '../../src/feed/every.ts'
import { type Due, Schedule } from '../../src/sources/poll/schedule.ts'

const NOTHING = { ageMs: undefined, scheduledForMs: undefined, leaseMs: 0, restMs: 0 }
const NONE: PollStanding = { epoch: 0, run: 0, isOpen: false, ...NOTHING }
const MINUTE = 60_000

/** Looks every second for so long, takes what is due, and says when runs began, by the steady clock. */
function runsOf(
  every: string,
  { ms, wallMs, startMs = 0 }: { ms: number; wallMs: (steadyMs: number) => number; startMs?: number },
) {
  const schedule = new Schedule(parseEvery(every) as Every)
  let standing = NONE
  let beganWallMs = 0
  const runs: number[] = []
  for (let steadyMs = startMs; steadyMs < startMs + ms; steadyMs += 1_000) {
    const wall = wallMs(steadyMs)
    const seen = standing.run === 0 ? standing : { ...standing, ageMs: wall - beganWallMs }
    const due: Due = schedule.look(seen, { steadyMs, wallMs: wall })
    if (due.waitMs > 0) continue
    runs.push(steadyMs)
    beganWallMs = wall
    standing = { ...NONE, run: standing.run + 1, scheduledForMs: due.scheduledForMs }
  }
  return runs
}

const START = Date.UTC(2024, 1, 29, 12, 0, 30)

describe('an interval', () => {
  const expected = [0, 5, 10, 15].map(minutes => minutes * MINUTE)
  it('is counted from start to start', () => {
    assert.deepEqual(runsOf('300s', { ms: 16 * MINUTE, wallMs: steady => START + steady }), expected)
  })
  for (const hours of [-2, 2])
    it(`goes on where the clock is set by ${hours} hours`, () => {
      const wallMs = (steady: number) => START + steady + (steady > 7 * MINUTE ? hours * 60 * MINUTE : 0)
      assert.deepEqual(runsOf('300s', { ms: 16 * MINUTE, wallMs }), expected)
    })
  it('is kept over a restart, and begins at once where it has passed', () => {
    const look = (ageMs: number) =>
      new Schedule({ kind: 'interval', ms: 300_000 }).look({ ...NONE, run: 3, ageMs }, { steadyMs: 5, wallMs: START })
    assert.equal(look(100_000).waitMs, 200_000)
    assert.equal(look(400_000).waitMs, 0)
    assert.equal(look(-7_200_000).waitMs, 0)
  })
  it('waits anew where another process has polled', () => {
    const schedule = new Schedule({ kind: 'interval', ms: 300_000 })
    const look = (run: number, ageMs: number, steadyMs: number) =>
      schedule.look({ ...NONE, run, ageMs }, { steadyMs, wallMs: START + steadyMs }).waitMs
    assert.equal(look(1, 290_000, 0), 10_000)
    assert.equal(look(2, 1_000, 5_000), 299_000)
    // A database whose clock jumps says nothing of how long ago that was.
    assert.equal(look(3, 7_200_000, 9_000), 296_000)
  })
})

describe('a cron line', () => {
  it('is at its times, in UTC, and not at the start', () => {
    const runs = runsOf('*/5 * * * *', { ms: 16 * MINUTE, wallMs: steady => START + steady })
    assert.deepEqual(
      runs,
      [4.5, 9.5, 14.5].map(minutes => minutes * MINUTE),
    )
  })
  it('has no run twice where the clock is set back, and misses none where it is set on', () => {
    const back = (steady: number) => START + steady - (steady > 6 * MINUTE ? 3 * MINUTE : 0)
    assert.deepEqual(
      runsOf('*/5 * * * *', { ms: 16 * MINUTE, wallMs: back }),
      [4.5, 12.5].map(minutes => minutes * MINUTE),
    )
    const on = (steady: number) => START + steady + (steady > 6 * MINUTE ? 40 * MINUTE : 0)
    assert.deepEqual(runsOf('*/5 * * * *', { ms: 11 * MINUTE, wallMs: on }), [
      4.5 * MINUTE,
      6 * MINUTE + 1_000,
      9.5 * MINUTE,
    ])
  })
  it('is run once for all that was missed', () => {
    const schedule = new Schedule(parseEvery('*/5 * * * *') as Every)
    const standing = { ...NONE, run: 9, scheduledForMs: START - 3 * 24 * 60 * MINUTE }
    const due = schedule.look(standing, { steadyMs: 0, wallMs: START })
    assert.deepEqual(due, { waitMs: 0, scheduledForMs: START })
    const next = schedule.look({ ...standing, run: 10, scheduledForMs: START }, { steadyMs: 0, wallMs: START })
    assert.equal(next.waitMs, 4.5 * MINUTE)
  })
})

describe('an API that asks to be left alone', () => {
  const looking = (every: string) => {
    const schedule = new Schedule(parseEvery(every) as Every)
    return (run: number, restMs: number, minutes: number, wallMs = START + minutes * MINUTE) =>
      schedule.look({ ...NONE, run, restMs, ageMs: minutes * MINUTE }, { steadyMs: minutes * MINUTE, wallMs }).waitMs
  }
  it('is, for as long as it says, whatever becomes of the clocks', () => {
    const look = looking('5m')
    assert.equal(look(2, 60 * MINUTE, 1), 60 * MINUTE)
    // By the database's clock, set on and back: it is over, and it lasts for ever.
    assert.equal(look(2, 0, 20), 41 * MINUTE)
    assert.equal(look(2, 60 * MINUTE, 60), MINUTE)
    assert.equal(look(2, 60 * MINUTE, 61), 0)
    // Somebody has asked all the same, and was answered.
    assert.equal(look(3, 0, 61), 5 * MINUTE)
  })
  it('is after a restart, for what is left, where its turn would have come before', () => {
    assert.equal(looking('5m')(2, 40 * MINUTE, 20), 40 * MINUTE)
    assert.equal(looking('1h')(2, 10 * MINUTE, 20), 40 * MINUTE)
  })
  it('makes one run of the times of a cron line that pass by', () => {
    const schedule = new Schedule(parseEvery('*/5 * * * *') as Every)
    const look = (restMs: number, minutes: number) =>
      schedule.look(
        { ...NONE, run: 2, restMs, scheduledForMs: START - MINUTE / 2 },
        { steadyMs: minutes * MINUTE, wallMs: START + minutes * MINUTE },
      )
    assert.equal(look(60 * MINUTE, 0).waitMs, 60 * MINUTE)
    assert.deepEqual(look(0, 60), { waitMs: 0, scheduledForMs: START + 60 * MINUTE })
  })
})

it('what is neither an interval nor a cron line is refused', () => {
  for (const text of ['', 'often', '0s', '300', '* * *', '61 * * * *', '10ms', '400d'])
    assert.equal(parseEvery(text), undefined, text)
  for (const text of ['300s', '1h', '*/5 * * * *', '0 0 4 * * 1-5']) assert.notEqual(parseEvery(text), undefined, text)
})
