import type { RestLaunch } from '../data/document.ts'
import type { Plan } from './plan.ts'

/** What was known of a launch at a moment; undefined before it was announced, the document itself at the end. */
export function restLaunchAt(launch: RestLaunch, plan: Plan, ms: number): RestLaunch | undefined {
  if (ms < plan.announcedMs) return undefined
  if (ms >= endOf(plan)) return launch
  return {
    ...launch,
    ...(ms < plan.staticFireMs && { static_fire_date_utc: null, static_fire_date_unix: null }),
    ...datesOf(launch, plan, ms),
    ...(ms < plan.resultMs && withoutResult(launch)),
    links: linksAt(launch, plan, ms),
  }
}

/** By how much the date that was known then is before the last one. */
export function aheadMs({ slips }: Plan, ms: number): number {
  return slips.reduce((sum, { atMs, byMs }) => (atMs > ms ? sum + byMs : sum), 0)
}

function endOf({ announcedMs, slips, coverageMs }: Plan): number {
  return Math.max(announcedMs, coverageMs, slips.at(-1)?.atMs ?? 0)
}

/** As long as the date will still move it is known to the day only. */
export const precisionAt = (precision: string, ahead: number) => (ahead > 0 && precision === 'hour' ? 'day' : precision)

function datesOf(launch: RestLaunch, plan: Plan, ms: number) {
  const ahead = aheadMs(plan, ms)
  if (ahead === 0) return {}
  const dateMs = Date.parse(launch.date_utc) - ahead
  return {
    date_utc: new Date(dateMs).toISOString(),
    date_unix: Math.floor(dateMs / 1_000),
    date_local: localOf(dateMs, launch.date_local),
    date_precision: precisionAt(launch.date_precision, ahead),
  }
}

/** A time with the offset that another one has. */
function localOf(ms: number, other: string): string {
  const offset = /([+-])(\d\d):(\d\d)$/.exec(other)
  const minutes = offset === null ? 0 : Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3]))
  return `${new Date(ms + minutes * 60_000).toISOString().slice(0, 19)}${offset?.[0] ?? 'Z'}`
}

function withoutResult({ cores }: RestLaunch) {
  return {
    upcoming: true,
    success: null,
    details: null,
    failures: [],
    cores: cores.map(core => ({ ...core, landing_success: null })),
  }
}

function linksAt({ links }: RestLaunch, plan: Plan, ms: number): RestLaunch['links'] {
  return {
    ...links,
    ...(ms < plan.webcastMs && { webcast: null, youtube_id: null, presskit: null }),
    ...(ms < plan.coverageMs && { article: null, wikipedia: null, flickr: { small: [], original: [] } }),
  }
}
