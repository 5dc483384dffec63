/**
 * A stand-in for the SpaceX API, REST and GraphQL: from captured answers or from a seed, at any moment of its story, with as much
 * trouble as is asked for.
 */
import { GroundstationError } from '../../src/errors.ts'
import { readCaptured } from './data/captured.ts'
import { madeUpData } from './data/made-up.ts'
import { NO_FAULTS, parseFaults } from './faults/faults.ts'
import { Refused } from './refused.ts'
import { type SpacexServer, startServer } from './server.ts'
import { createClock, END } from './story/clock.ts'
import { isSpeed, parseTime, SPEED_MAX } from './time-route.ts'

export type { SpacexServer } from './server.ts'
export type { SpacexReport } from './tally.ts'

export type SimulateOptions = {
  /** The folder that has `spacex-rest` and perhaps `spacex-graphql`; without it all is made up. */
  readonly data?: string
  /** How many launches are made up. */
  readonly launches?: number
  readonly seed?: number
  /** RFC 3339. Without it the end of the story: everything as it was captured. */
  readonly time?: string
  /** So many seconds of the story in each second; without a time from its beginning on. */
  readonly speed?: number
  /** As `parseFaults` reads them. */
  readonly faults?: string
  readonly host?: string
  readonly port?: number
}

const SEED = 444
const LAUNCHES = 200
const LAUNCHES_MAX = 100_000

/** Resolves when it can be asked. */
export async function simulateSpacex(options: SimulateOptions = {}): Promise<SpacexServer> {
  const { data: folder, launches = LAUNCHES, seed = SEED, speed = 0, host = '127.0.0.1', port = 0 } = options
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  whole('launches', launches, 1, LAUNCHES_MAX)
  whole('port', port, 0, 65_535)
  if (!isSpeed(speed)) usage(`speed is a number from 0 to ${SPEED_MAX}, not ${speed}.`)
  const timeMs = options.time === undefined ? undefined : givenTime(options.time)
  const faults = options.faults === undefined ? NO_FAULTS : parseFaults(options.faults)
  const data = folder === undefined ? madeUpData(seed, launches) : await readCaptured(folder)
  const clock = ({ beginMs }: { readonly beginMs: number }) =>
    createClock(timeMs ?? (options.speed === undefined ? END : beginMs), speed)
  return startServer({ data, seed, clock, faults, host, port })
}

function givenTime(text: string): number {
  try {
    return parseTime(text)
  } catch (error) {
    return usage(error instanceof Refused ? error.message : String(error))
  }
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  usage(`${name} is a whole number from ${least} to ${most}, not ${value}.`)
}

function usage(message: string): never {
  throw new GroundstationError('USAGE', message)
}
