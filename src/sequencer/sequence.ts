import { type Cursor, type Held, openHoles, placeOf, type Released, spanAt } from './cursor.ts'
import { add, includes, type Range, remove } from './ranges.ts'
import { type Incoming, TRANSITIONS, type Verdict } from './transitions.ts'

export type Arrival = { readonly sequence: number; readonly incoming: Incoming }

export type Policy = {
  /** Numbers may be sparse: whatever is above the frontier is next, and no hole exists. */
  readonly isSparse: boolean
  /** Over so many held events of one key the lowest hole is released early. */
  readonly maxHeld: number
}

/** What changed for the books: holes that were released, filled in or voided. */
export type HoleChange = Released & { readonly status: 'released' | 'healed' | 'voided'; readonly early: boolean }

export type Sequenced = {
  readonly cursor: Cursor
  /** One verdict for each arrival, in their order. */
  readonly verdicts: readonly Verdict[]
  /** The numbers above the old frontier that are applied now, lowest first. What was held before is among them. */
  readonly advanced: readonly Range[]
  readonly changes: readonly HoleChange[]
}

type Draft = { frontier: number; missing: Released[]; voided: Range[]; held: Held[] }

/**
 * Takes the arrivals of one key in the order they came, and says what becomes of each. Pure: `now` is the database's
 * clock in milliseconds. Wherever the same events arrive in another order, repeated or cut into other batches, the set of
 * numbers applied in the end is the same, and each is applied once.
 */
export function sequence(cursor: Cursor, arrivals: readonly Arrival[], policy: Policy, now: number): Sequenced {
  const draft: Draft = {
    frontier: cursor.frontier,
    missing: [...cursor.missing],
    voided: [...cursor.voided],
    held: [...cursor.held],
  }
  const advanced: Range[] = []
  const changes: HoleChange[] = []
  // A feed that was declared sparse while events were held has no holes from now on.
  if (policy.isSparse) releaseWhile(draft, advanced, changes, true, () => true)
  const verdicts = arrivals.map(({ sequence: number, incoming }) => {
    const verdict = verdictOf(draft, number, incoming, policy)
    if (verdict === 'apply') advance(draft, number, advanced)
    else if (verdict === 'hold') hold(draft, number, now, advanced, changes)
    else if (verdict === 'heal') heal(draft, number, now, changes)
    else if (verdict === 'void') pass(draft, number, changes, advanced, now)
    return verdict
  })
  releaseWhile(draft, advanced, changes, true, () => heldIn(draft) > policy.maxHeld)
  return { cursor: draft, verdicts, advanced, changes }
}

/** Releases every hole whose wait is over: known since before `dueBefore` (milliseconds of the database's clock). */
export function release(cursor: Cursor, dueBefore: number): Sequenced {
  const draft: Draft = {
    frontier: cursor.frontier,
    missing: [...cursor.missing],
    voided: [...cursor.voided],
    held: [...cursor.held],
  }
  const advanced: Range[] = []
  const changes: HoleChange[] = []
  releaseWhile(draft, advanced, changes, false, ({ since }) => since <= dueBefore)
  return { cursor: draft, verdicts: [], advanced, changes }
}

function verdictOf(draft: Draft, number: number, incoming: Incoming, policy: Policy): Verdict {
  // Nothing waits in a sparse feed, so nothing is gained by passing a number.
  if (policy.isSparse && incoming === 'dismissal') return 'none'
  const place = placeOf(draft, number)
  return TRANSITIONS[policy.isSparse && place === 'ahead' ? 'next' : place][incoming]
}

/** Moves the frontier to a number, and on over whatever is held or voided right behind it. */
function advance(draft: Draft, number: number, advanced: Range[]): void {
  append(advanced, number, number)
  draft.frontier = number
  settle(draft, advanced)
}

function settle(draft: Draft, advanced: Range[]): void {
  for (;;) {
    const next = draft.frontier + 1
    const [held] = draft.held
    if (held?.from === next) {
      draft.held.shift()
      append(advanced, held.from, held.to)
      draft.frontier = held.to
      continue
    }
    const voided = draft.voided.find(([from, to]) => from <= next && next <= to)
    if (voided === undefined) return
    draft.frontier = voided[1]
  }
}

function append(advanced: Range[], from: number, to: number): void {
  const last = advanced.at(-1)
  if (last !== undefined && last[1] === from - 1) advanced[advanced.length - 1] = [last[0], to]
  else advanced.push([from, to])
}

function hold(draft: Draft, number: number, now: number, advanced: Range[], changes: HoleChange[]): void {
  unvoid(draft, number, now, changes)
  const { held } = draft
  // What comes is mostly the highest yet.
  let at = held.length
  while (at > 0 && (held[at - 1]?.from ?? 0) > number) at--
  const before = held[at - 1]?.to === number - 1 ? held[at - 1] : undefined
  const after = held[at]?.from === number + 1 ? held[at] : undefined
  const since = Math.min(now, before?.since ?? now, after?.since ?? now)
  const span = { from: before?.from ?? number, to: after?.to ?? number, since }
  held.splice(before === undefined ? at : at - 1, Number(before !== undefined) + Number(after !== undefined), span)
  settle(draft, advanced)
}

function heal(draft: Draft, number: number, now: number, changes: HoleChange[]): void {
  unvoid(draft, number, now, changes)
  fill(draft, number, 'healed', changes)
}

/** An event for a number that was given up by hand after all. */
function unvoid(draft: Draft, number: number, now: number, changes: HoleChange[]): void {
  if (!includes(draft.voided, number)) return
  draft.voided = remove(draft.voided, [number, number])
  changes.push({ from: number, to: number, since: now, status: 'healed', early: false })
}

/** Takes a number out of the hole that it lies in. */
function fill(draft: Draft, number: number, status: 'healed' | 'voided', changes: HoleChange[]): void {
  const at = spanAt(draft.missing, number)
  const hole = draft.missing[at]
  if (hole === undefined) return
  const { since } = hole
  changes.push({ from: number, to: number, since, status, early: false })
  const left = remove([[hole.from, hole.to]], [number, number]).map(([from, to]) => ({ from, to, since }))
  draft.missing.splice(at, 1, ...left)
}

function pass(draft: Draft, number: number, changes: HoleChange[], advanced: Range[], now: number): void {
  if (number <= draft.frontier) fill(draft, number, 'voided', changes)
  else changes.push({ from: number, to: number, since: now, status: 'voided', early: false })
  draft.voided = add(draft.voided, [number, number])
  settle(draft, advanced)
}

/** Releases holes, the lowest first, for as long as they are due: what is behind one of them changes nothing of the next. */
function releaseWhile(
  draft: Draft,
  advanced: Range[],
  changes: HoleChange[],
  early: boolean,
  isDue: (hole: Released) => boolean,
): void {
  for (const hole of openHoles(draft)) {
    if (!isDue(hole)) return
    draft.missing.push(hole)
    changes.push({ ...hole, status: 'released', early })
    draft.frontier = hole.to
    settle(draft, advanced)
  }
}

const heldIn = ({ held }: Draft): number => held.reduce((sum, { from, to }) => sum + (to - from + 1), 0)
