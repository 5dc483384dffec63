import { createRandom, type Random } from '../../rockets/random.ts'
import type { RestLaunch } from '../data/document.ts'

/** When what is known of a launch became known, each in whole seconds since 1970, as milliseconds. */
export type Plan = {
  readonly announcedMs: number
  /** In their order; each was made known before the date that it moved. */
  readonly slips: readonly { readonly atMs: number; readonly byMs: number }[]
  readonly staticFireMs: number
  readonly webcastMs: number
  readonly resultMs: number
  /** Article, Wikipedia and photographs. */
  readonly coverageMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LEAD_DAYS = { least: 60, span: 340 }
const SLIPS_MAX = 4

/**
 * How a launch came to be as it is at the end of the story: announced months before, moved up to four times, its result
 * hours after it, articles days after that. The same seed and launch give the same plan, whatever other launches there are.
 */
export function planOf(launch: RestLaunch, seed: number): Plan {
  const random = createRandom(seed, `plan/${launch.id}`)
  const finalMs = secondOf(Date.parse(launch.date_utc))
  const leadMs = between(random, LEAD_DAYS.least, LEAD_DAYS.span) * DAY_MS
  const announcedMs = finalMs - leadMs
  const slips = slipsOf(random, announcedMs, finalMs)
  // What hasn't happened when the story ends has no result in it: whatever is known was known from the beginning.
  if (launch.upcoming)
    return {
      announcedMs,
      slips,
      staticFireMs: announcedMs,
      webcastMs: announcedMs,
      resultMs: announcedMs,
      coverageMs: announcedMs,
    }
  const resultMs = finalMs + secondOf(HOUR_MS + random.below(2 * HOUR_MS))
  return {
    announcedMs,
    slips,
    staticFireMs: clamp(staticFireOf(launch, resultMs), announcedMs, resultMs),
    webcastMs: Math.max(announcedMs, finalMs - secondOf(random.below(2 * DAY_MS))),
    resultMs,
    coverageMs: resultMs + secondOf(DAY_MS + random.below(2 * DAY_MS)),
  }
}

/** All moments at which something changes, in no order. */
export function momentsOf(plan: Plan): number[] {
  const { announcedMs, slips, staticFireMs, webcastMs, resultMs, coverageMs } = plan
  return [announcedMs, ...slips.map(({ atMs }) => atMs), staticFireMs, webcastMs, resultMs, coverageMs]
}

/** The date that was known first is so much before the last one that all slips fit in between. */
function slipsOf(random: Random, announcedMs: number, finalMs: number): Plan['slips'] {
  const count = random.below(SLIPS_MAX + 1)
  const sizes = Array.from({ length: count }, () => secondOf(HOUR_MS + random.below(10 * DAY_MS)))
  let dateMs = finalMs - sizes.reduce((sum, size) => sum + size, 0)
  let atMs = announcedMs
  return sizes.map(byMs => {
    atMs += Math.max(1_000, secondOf(((dateMs - atMs) * (30 + random.below(60))) / 100))
    dateMs += byMs
    return { atMs, byMs }
  })
}

function staticFireOf(launch: RestLaunch, otherwiseMs: number): number {
  const ms = launch.static_fire_date_utc === null ? Number.NaN : Date.parse(launch.static_fire_date_utc)
  return Number.isNaN(ms) ? otherwiseMs : secondOf(ms)
}

const between = (random: Random, least: number, span: number) => least + random.below(span)
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value))
/** HTTP's dates have no fractions, so that two moments of one second couldn't be told apart by them. */
const secondOf = (ms: number) => Math.floor(ms / 1_000) * 1_000
