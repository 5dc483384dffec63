import { GroundstationError } from '../../src/errors.ts'
import { type DisturbOptions, disturb } from './disturb.ts'
import { Expectations } from './expect.ts'
import { type GenerateOptions, generateRockets } from './generate.ts'
import { createTally, type Posting, type Tally } from './tally.ts'

export interface TrafficOptions extends GenerateOptions, DisturbOptions {
  /** False for load alone: a million rockets' states take memory and time. */
  readonly fold?: boolean
}

export interface Traffic {
  /** To be gone through once; lazy. */
  readonly postings: Iterable<Posting>
  /** What should be there once everything that `postings` gave has been stored. */
  readonly expected: Expectations
  readonly tally: Tally
}

/** Generated, disturbed and folded at once, without a network: for tests, for files to ingest, for load. */
export function rocketTraffic(options: TrafficOptions): Traffic {
  checkTraffic(options)
  const expected = new Expectations()
  const tally = createTally()
  const fold = options.fold ?? true
  const postings = disturb(generateRockets(options), options, {
    event: event => fold && expected.add(event),
    gap: () => {
      tally.gaps += 1
    },
    late: () => {
      tally.late += 1
    },
  })
  return { postings: counted(postings, tally), expected, tally }
}

const COUNTED_AS = { event: 'distinct', duplicate: 'duplicates', invalid: 'invalid' } as const

function* counted(postings: Iterable<Posting>, tally: Tally): Generator<Posting, void, undefined> {
  for (const posting of postings) {
    tally.sent += 1
    tally[COUNTED_AS[posting.kind]] += 1
    yield posting
  }
}

const ROCKETS_MAX = 2 ** 24

function checkTraffic(options: TrafficOptions): void {
  whole('seed', options.seed, 0, Number.MAX_SAFE_INTEGER)
  whole('rockets', options.rockets, 1, ROCKETS_MAX)
  whole('max-messages', options.maxMessages, 1, 2 ** 32 - 1)
  whole('disorder', options.disorder, 0, ROCKETS_MAX)
  whole('repeat-within', options.repeatWithin, 1, ROCKETS_MAX)
  for (const [name, value] of Object.entries({
    duplicates: options.duplicates,
    gaps: options.gaps,
    'late-gaps': options.lateGaps,
    invalid: options.invalid,
  })) {
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      throw new GroundstationError('USAGE', `${name} is a fraction from 0 to 1, not ${value}.`)
    }
  }
}

export function whole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return
  throw new GroundstationError('USAGE', `${name} is a whole number from ${least} to ${most}, not ${value}.`)
}
