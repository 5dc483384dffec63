import { breakMessage } from './breakage.ts'
import { jsonOf, type RocketEvent } from './message.ts'
import { createRandom, type Random } from './random.ts'
import type { Posting } from './tally.ts'

export interface DisturbOptions {
  readonly seed: number
  /** Fraction of the messages that come again, within `repeatWithin` postings (1,000). */
  readonly duplicates?: number
  readonly repeatWithin?: number
  /** No posting moves by this many places or more; 0 and 1 leave the order as it is. */
  readonly disorder?: number
  /** Fraction that is never sent. */
  readonly gaps?: number
  /** Fraction that is kept back and sent at the very end, `lateMax` (100,000) at most. */
  readonly lateGaps?: number
  readonly lateMax?: number
  /** Broken messages on top, as a fraction of those sent. */
  readonly invalid?: number
}

/** Told of every message in the order of its rocket, before any disorder: what an expectation is folded from. */
export interface Witness {
  event?(event: RocketEvent): void
  gap?(event: RocketEvent): void
  late?(event: RocketEvent): void
}

/** Seeded trouble between the generator and the sender. Memory: the windows, and the late messages up to `lateMax`. */
export function* disturb(
  events: Iterable<RocketEvent>,
  options: DisturbOptions,
  witness: Witness = {},
): Generator<Posting, void, undefined> {
  const held: RocketEvent[] = []
  const prompt = withBroken(withoutGaps(events, options, held, witness), options)
  yield* shuffled(repeated(prompt, options), options)
  // Shuffled as well: in their order they would fill each rocket's holes from the left only.
  const late = held.map(posting)
  shuffle(late, createRandom(options.seed, 'late-order'))
  yield* late
}

function* withoutGaps(
  events: Iterable<RocketEvent>,
  { seed, gaps = 0, lateGaps = 0, lateMax = 100_000 }: DisturbOptions,
  held: RocketEvent[],
  witness: Witness,
): Generator<RocketEvent, void, undefined> {
  const gapRandom = createRandom(seed, 'gaps')
  const lateRandom = createRandom(seed, 'late-gaps')
  for (const event of events) {
    if (gapRandom.chance(gaps)) {
      witness.gap?.(event)
      continue
    }
    witness.event?.(event)
    if (held.length < lateMax && lateRandom.chance(lateGaps)) {
      witness.late?.(event)
      held.push(event)
    } else yield event
  }
}

function posting(event: RocketEvent): Posting {
  return { kind: 'event', json: jsonOf(event), event }
}

/**
 * Only what is sent whole as well is also sent broken: a broken message whose number can be read holds up what
 * follows until the whole one comes, so it must come.
 */
function* withBroken(
  events: Iterable<RocketEvent>,
  { seed, invalid = 0 }: DisturbOptions,
): Generator<Posting, void, undefined> {
  const random = createRandom(seed, 'invalid')
  for (const event of events) {
    const broken = random.chance(invalid)
    const before = broken && random.chance(0.5)
    const bad = (): Posting => ({ kind: 'invalid', json: breakMessage(event, random), event })
    if (before) yield bad()
    yield posting(event)
    if (broken && !before) yield bad()
  }
}

/** A ring of the next `repeatWithin` places, each with the repeats that are due there. */
function* repeated(
  postings: Iterable<Posting>,
  { seed, duplicates = 0, repeatWithin = 1_000 }: DisturbOptions,
): Generator<Posting, void, undefined> {
  const random = createRandom(seed, 'duplicates')
  const due: (Posting[] | undefined)[] = new Array(repeatWithin).fill(undefined)
  let place = 0
  for (const item of postings) {
    yield item
    const now = due[place]
    if (now !== undefined) {
      due[place] = undefined
      yield* now
    }
    if (item.kind === 'event' && random.chance(duplicates)) {
      const later = (place + 1 + random.below(repeatWithin)) % repeatWithin
      due[later] = [...(due[later] ?? []), { ...item, kind: 'duplicate' }]
    }
    place = (place + 1) % repeatWithin
  }
  for (let i = 0; i < repeatWithin; i++) yield* due[(place + i) % repeatWithin] ?? []
}

/** Blocks of the window's size, each shuffled: a bound on how far a posting moves that a running shuffle has not. */
function* shuffled(
  postings: Iterable<Posting>,
  { seed, disorder = 0 }: DisturbOptions,
): Generator<Posting, void, undefined> {
  if (disorder <= 1) return yield* postings
  const random = createRandom(seed, 'disorder')
  const block: Posting[] = []
  for (const item of postings) {
    if (block.push(item) < disorder) continue
    shuffle(block, random)
    yield* block
    block.length = 0
  }
  shuffle(block, random)
  yield* block
}

function shuffle(items: Posting[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const moved = items[i] as Posting
    items[i] = items[j] as Posting
    items[j] = moved
  }
}
