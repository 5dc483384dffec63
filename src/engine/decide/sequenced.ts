import { lastApplied } from '../../sequencer/cursor.ts'
import type { Range } from '../../sequencer/ranges.ts'
import { type Arrival, release, type Sequenced, sequence } from '../../sequencer/sequence.ts'
import { takeHeld } from '../../store/write/held.ts'
import { arrivalOf, type Batch, nowMsOf } from '../batch.ts'
import type { Applied, MutableKey } from '../effects.ts'
import { ACCEPTED, DUPLICATE, type EventWork } from '../work.ts'
import { type Repeat, settleRepeats } from './compare.ts'
import { foldApplied, type ToFold } from './folding.ts'
import { type Group, groupByKey, type KeyedWork, resolveKeys } from './keys.ts'
import { reparse } from './reparse.ts'

/** The events of this batch that are the first of their number. */
type Fresh = { get(number: number): EventWork | undefined; set(number: number, work: EventWork): void }

/** Events that follow each other need no map. */
class InOrder implements Fresh {
  readonly #first: number
  readonly #works: EventWork[] = []
  /** What a sparse feed finds to be late, below the others. */
  readonly #below = new Map<number, EventWork>()

  constructor(first: number) {
    this.#first = first
  }

  get(number: number): EventWork | undefined {
    return number < this.#first ? this.#below.get(number) : this.#works[number - this.#first]
  }

  set(number: number, work: EventWork): void {
    if (number < this.#first) this.#below.set(number, work)
    else this.#works.push(work)
  }
}

/** One key, sequenced: what it applies from this batch, and which numbers it must fetch from what was held. */
type Plan = {
  readonly key: MutableKey
  readonly fresh: Fresh
  readonly advanced: readonly Range[]
  readonly late: EventWork[]
  readonly waiting: EventWork[]
  isTouched: boolean
  /** Whatever it applies came with this batch: nothing was held. */
  readonly isAllFresh: boolean
  readonly mustRefold: boolean
}

export async function decideSequenced(batch: Batch, works: readonly KeyedWork[]): Promise<void> {
  const groups = groupByKey(works)
  const keys = await resolveKeys(batch, groups)
  const repeats: Repeat[] = []
  const plans: Plan[] = []
  for (const group of groups.values()) {
    const key = keys.get(group.name)
    if (key !== undefined) plans.push(planGroup(batch, key, group, repeats))
  }
  await settleLate(batch, plans, repeats)
  await applyPlans(batch, plans)
}

/** Nearly every key has no hole, and its events follow each other: that needs no ranges. */
function planGroup(batch: Batch, key: MutableKey, group: Group, repeats: Repeat[]): Plan {
  const { cursor } = key
  const isPlain = cursor.held.length === 0 && cursor.missing.length === 0 && cursor.voided.length === 0
  if (isPlain) {
    const plan = planInOrder(key, group, repeats)
    if (plan !== undefined) return plan
  }
  const arrivals: Arrival[] = []
  const arriving: KeyedWork[] = []
  let dueBeforeMs: number | undefined
  for (const work of group.works) {
    if (work.kind === 'release') dueBeforeMs = work.dueBeforeMs
    else if (work.kind !== 'refold') {
      arrivals.push(
        work.kind === 'event'
          ? { sequence: work.parsed.sequence, incoming: 'event' }
          : { sequence: work.sequence, incoming: 'dismissal' },
      )
      arriving.push(work)
    }
  }
  const policy = { isSparse: batch.feed.identity.isSparse, maxHeld: batch.feed.gaps.maxHeld }
  const sequenced = sequence(cursor, arrivals, policy, nowMsOf(batch))
  const released = dueBeforeMs === undefined ? undefined : release(sequenced.cursor, dueBeforeMs)
  const plan: Plan = {
    key,
    fresh: new Map(),
    advanced: [...sequenced.advanced, ...(released?.advanced ?? [])],
    late: [],
    waiting: [],
    isTouched: true,
    isAllFresh: false,
    mustRefold: group.works.some(work => work.kind === 'refold'),
  }
  sortOut(batch, plan, arriving, sequenced, repeats)
  key.cursor = released?.cursor ?? sequenced.cursor
  noteHoles(batch, key, [...sequenced.changes, ...(released?.changes ?? [])])
  return plan
}

function planInOrder(key: MutableKey, group: Group, repeats: Repeat[]): Plan | undefined {
  const works = inOrder(group.works)
  if (works === undefined) return undefined
  let frontier = key.cursor.frontier
  const fresh = new InOrder(frontier + 1)
  const found: Repeat[] = []
  for (const work of works) {
    const number = work.parsed.sequence
    if (number === frontier + 1) {
      fresh.set(number, work)
      frontier = number
    } else if (number <= frontier) found.push({ keyId: key.id, work, earlier: fresh.get(number) })
    else return undefined
  }
  const { cursor } = key
  const advanced: Range[] = frontier === cursor.frontier ? [] : [[cursor.frontier + 1, frontier]]
  if (advanced.length > 0) key.cursor = { ...cursor, frontier }
  for (const one of found) repeats.push(one)
  return {
    key,
    fresh,
    advanced,
    late: [],
    waiting: [],
    isTouched: advanced.length > 0,
    isAllFresh: true,
    mustRefold: false,
  }
}

/** The events by number, the earlier arrival first among equals; undefined where there is anything but events. */
function inOrder(works: readonly KeyedWork[]): EventWork[] | undefined {
  let isSorted = true
  let last = 0
  for (const work of works) {
    if (work.kind !== 'event') return undefined
    if (work.parsed.sequence < last) isSorted = false
    last = work.parsed.sequence
  }
  const events = works as EventWork[]
  return isSorted ? events : [...events].sort((a, b) => a.parsed.sequence - b.parsed.sequence)
}

function sortOut(
  batch: Batch,
  plan: Plan,
  works: readonly KeyedWork[],
  { verdicts }: Sequenced,
  repeats: Repeat[],
): void {
  for (const [index, work] of works.entries()) {
    const verdict = verdicts[index]
    if (work.kind === 'dismissal') {
      batch.effects.dismissedLetters.push(work.deadLetter)
      work.outcome = ACCEPTED
    } else if (work.kind === 'event') {
      const number = work.parsed.sequence
      if (verdict === 'compareApplied' || verdict === 'compareHeld')
        repeats.push({ keyId: plan.key.id, work, earlier: plan.fresh.get(number) })
      else {
        plan.fresh.set(number, work)
        if (verdict === 'heal') plan.late.push(work)
        else if (verdict === 'hold') plan.waiting.push(work)
      }
    }
  }
}

function noteHoles(batch: Batch, key: MutableKey, changes: Sequenced['changes']): void {
  for (const { from, to, since, status, early } of changes) {
    if (status !== 'released') batch.effects.closedHoles.push({ keyId: key.id, from, to, sinceMs: since, status })
    else if (early)
      batch.effects.notes.push(
        `${batch.feed.name}: too many events wait for number ${from}: it was released before its time`,
      )
  }
}

/** Repeats: duplicate or conflict. In a sparse feed one that isn't on the record is an event that came late. */
async function settleLate(batch: Batch, plans: readonly Plan[], repeats: readonly Repeat[]): Promise<void> {
  if (repeats.length === 0) return
  const byId = new Map(plans.map(plan => [plan.key.id, plan]))
  const again: Repeat[] = []
  for (const { work, keyId } of await settleRepeats(batch, repeats)) {
    const plan = byId.get(keyId)
    const earlier = plan?.fresh.get(work.parsed.sequence)
    if (!batch.feed.identity.isSparse || plan === undefined) work.outcome = DUPLICATE
    else if (earlier !== undefined) again.push({ keyId, work, earlier })
    else {
      plan.fresh.set(work.parsed.sequence, work)
      plan.late.push(work)
      plan.isTouched = true
    }
  }
  if (again.length > 0) await settleRepeats(batch, again)
}

async function applyPlans(batch: Batch, plans: readonly Plan[]): Promise<void> {
  const spans: { keyId: number; from: number; to: number }[] = []
  for (const plan of plans)
    for (const [from, to] of plan.advanced)
      if (countFresh(plan, from, to) < to - from + 1) spans.push({ keyId: plan.key.id, from, to })
  const taken = new Map<string, { raw: string; arrivedMicros: number }>()
  if (spans.length > 0)
    for (const held of await takeHeld(batch.client, batch.stored.id, spans))
      taken.set(`${held.keyId}:${held.sequence}`, held)
  const toFold: ToFold[] = []
  for (const plan of plans) {
    if (!plan.isTouched) continue
    const { key } = plan
    const applied: Applied[] = []
    for (const [from, to] of plan.advanced)
      for (let number = from; number <= to; number++) {
        const work = plan.fresh.get(number)
        const held = work === undefined ? taken.get(`${key.id}:${number}`) : undefined
        if (work !== undefined) applied.push(appliedOf(batch, key, work, false))
        else if (held !== undefined) applied.push(heldApplied(batch, key, number, held))
      }
    for (const work of plan.late) batch.effects.applied.push(appliedOf(batch, key, work, true))
    for (const work of plan.waiting) holdOrAccept(batch, plan, work)
    for (const one of applied) batch.effects.applied.push(one)
    const newest = applied.at(-1)
    if (newest !== undefined) key.time = newest.time
    else {
      // What came late is the newest where the numbers above it were voided.
      const top = plan.late.find(work => work.parsed.sequence === lastApplied(key.cursor))
      if (top !== undefined) key.time = timeOf(batch, top.parsed.event)
    }
    toFold.push({
      key,
      applied,
      lateFrom: lowestLate(plan),
      mustRefold: plan.mustRefold || key.generation !== batch.stored.generation,
    })
    key.events += applied.length + plan.late.length
    key.generation = batch.stored.generation
    batch.effects.keys.push(key)
  }
  foldApplied(batch, toFold)
}

const lowestLate = (plan: Plan): number | undefined =>
  plan.late.reduce<number | undefined>(
    (lowest, { parsed }) => Math.min(lowest ?? parsed.sequence, parsed.sequence),
    undefined,
  )

function countFresh(plan: Plan, from: number, to: number): number {
  if (plan.isAllFresh) return to - from + 1
  let count = 0
  for (let number = from; number <= to; number++) if (plan.fresh.get(number) !== undefined) count++
  return count
}

/** What is still held when the batch ends waits; what was filled in is accepted. */
function holdOrAccept(batch: Batch, plan: Plan, work: EventWork): void {
  const { key } = plan
  const number = work.parsed.sequence
  if (number <= key.cursor.frontier) {
    work.outcome = ACCEPTED
    return
  }
  work.outcome = { outcome: 'held', waitingFor: key.cursor.frontier + 1 }
  batch.effects.held.push({
    keyId: key.id,
    sequence: number,
    raw: work.parsed.raw.toString('utf8'),
    arrivedMicros: arrivalOf(batch, work),
  })
  if (work.corrects !== undefined) batch.effects.replayedLetters.push(work.corrects)
}

function appliedOf(batch: Batch, key: MutableKey, work: EventWork, isLate: boolean): Applied {
  const { raw, event, type, sequence: number } = work.parsed
  work.outcome = ACCEPTED
  if (work.corrects !== undefined) batch.effects.replayedLetters.push(work.corrects)
  return {
    lane: key.lane,
    keyId: key.id,
    sequence: number,
    raw,
    event,
    type,
    time: timeOf(batch, event),
    arrivedMicros: arrivalOf(batch, work),
    source: undefined,
    offset: undefined,
    isLate,
    facts: undefined,
    position: 0,
  }
}

function heldApplied(
  batch: Batch,
  key: MutableKey,
  number: number,
  held: { raw: string; arrivedMicros: number },
): Applied {
  const { event, type } = reparse(batch.feed, held.raw)
  return {
    lane: key.lane,
    keyId: key.id,
    sequence: number,
    raw: Buffer.from(held.raw),
    event,
    type,
    time: timeOf(batch, event),
    arrivedMicros: held.arrivedMicros,
    source: undefined,
    offset: undefined,
    isLate: false,
    facts: undefined,
    position: 0,
  }
}

export const timeOf = ({ feed }: Batch, event: unknown): string | null => {
  const time = feed.identity.timeOf?.(event)
  return typeof time === 'string' ? time : null
}
