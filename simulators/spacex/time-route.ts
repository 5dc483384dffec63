import { parseDuration } from '../rockets/duration.ts'
import { Refused } from './refused.ts'
import { type Clock, END } from './story/clock.ts'
import type { Story } from './story/story.ts'

export type TimeShown = {
  /** Null at the end of the story. */
  readonly time: string | null
  readonly speed: number
  /** When a launch changes next. */
  readonly next: string | null
  readonly launches: number
}

export function timeShown(clock: Clock, story: Story): TimeShown {
  const nowMs = clock.nowMs()
  const nextMs = story.nextMs(nowMs)
  return {
    time: nowMs === END ? null : new Date(nowMs).toISOString(),
    speed: clock.speed,
    next: nextMs === undefined ? null : new Date(nextMs).toISOString(),
    launches: story.at(nowMs).launches.length,
  }
}

/** `{"time": "2020-01-01T00:00:00Z" | "next" | "begin" | "end", "by": "36h", "speed": 3600}`, each if it is there. */
export function moveTime(clock: Clock, story: Story, body: unknown): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refused('time, by or speed is expected.')
  const { time, by, speed } = body as Record<string, unknown>
  if (time !== undefined && by !== undefined) throw new Refused('time or by, not both.')
  clock.move({ timeMs: by === undefined ? timeOf(time, clock, story) : laterBy(by, clock), speed: speedOf(speed) })
}

function timeOf(time: unknown, clock: Clock, story: Story): number | undefined {
  if (time === undefined) return undefined
  if (time === null || time === 'end') return END
  if (time === 'begin') return story.beginMs
  if (time === 'next') return story.nextMs(clock.nowMs()) ?? END
  if (typeof time !== 'string') throw new Refused('time is an RFC 3339 time, begin, next or end.')
  return parseTime(time)
}

function laterBy(by: unknown, clock: Clock): number {
  if (typeof by !== 'string') throw new Refused('by is a duration, such as 36h.')
  return clock.nowMs() + parseDuration(by)
}

function speedOf(speed: unknown): number | undefined {
  if (speed === undefined) return undefined
  if (typeof speed === 'number' && isSpeed(speed)) return speed
  throw new Refused(`speed is a number from 0 to ${SPEED_MAX}.`)
}

/** A year in a second. */
export const SPEED_MAX = 366 * 86_400
export const isSpeed = (speed: number) => speed >= 0 && speed <= SPEED_MAX

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970. */
export function parseTime(text: string): number {
  const ms = RFC_3339.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : Number.NaN
  if (Number.isNaN(ms)) throw new Refused(`time is an RFC 3339 time, such as 2020-11-21T17:17:00Z, not '${text}'.`)
  return ms
}
