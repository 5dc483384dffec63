import { setTimeout as delay } from 'node:timers/promises'
import { GroundstationError, messageOf } from '../errors.ts'
import { failureKind } from '../store/store.ts'
import { refusedByStore } from './decide/refusals.ts'
import { logOf } from './queue.ts'
import type { Transactions } from './transaction.ts'
import { ACCEPTED, type LogChunk, offsetIn, type Work } from './work.ts'

export type Applier = {
  readonly transactions: Transactions
  /** How long a batch is tried again while the database can't be reached. */
  readonly retryMs: number
  readonly onFailure: (error: unknown) => void
  readonly onSuccess: () => void
}

/** A batch that has waited long already is tried again for so long at least. */
const RETRY_MS_MIN = 1_000

/** Soon at first: who lost to another transaction finds the way free at once. Twice as long each time, as an outage takes longer. */
const AGAIN_MS = 5
const AGAIN_MS_MAX = 1_000

/**
 * Applies a batch, again where that is safe, and answers its tickets. One that its data refuses is cut in halves until the
 * one event is found, which becomes a dead letter; of what it took along, the ones that are refused do. Never rejects.
 */
export async function applyBatch(applier: Applier, works: Work[]): Promise<void> {
  // Counted from when the oldest was queued: who waited behind a batch that failed isn't kept waiting as long again.
  const deadline = Math.max((works[0]?.enqueuedMs ?? 0) + applier.retryMs, performance.now() + RETRY_MS_MIN)
  let sifts = false
  for (let attempt = 1; ; attempt++) {
    try {
      await applier.transactions.run(works, sifts)
      applier.onSuccess()
      return settle(works)
    } catch (error) {
      const kind = failureKind(error)
      if ((kind === 'connection' || kind === 'retry') && performance.now() < deadline) {
        await delay(Math.min(AGAIN_MS * 2 ** attempt, AGAIN_MS_MAX) * (0.5 + Math.random() / 2))
        continue
      }
      if (kind === 'data' && works.length > 1) return applyHalves(applier, works)
      if (kind === 'data' && !sifts && applier.transactions.canSift) {
        sifts = true
        continue
      }
      if (kind === 'data' && refuseAsData(works, error)) continue
      applier.onFailure(error)
      const failure = shownAs(error, kind)
      for (const work of works) work.ticket.fail(failure)
      return
    }
  }
}

function shownAs(error: unknown, kind: ReturnType<typeof failureKind>): GroundstationError {
  if (error instanceof GroundstationError) return error
  if (kind === 'connection' || kind === 'retry')
    return new GroundstationError('STORE_UNREACHABLE', `The database can't take events: ${messageOf(error)}`, {
      cause: error,
    })
  return new GroundstationError('INTERNAL', 'A batch failed', { cause: error })
}

async function applyHalves(applier: Applier, works: readonly Work[]): Promise<void> {
  const middle = works.length >> 1
  const [first, second] = cutLog(works, middle)
  await applyBatch(applier, first)
  // A log whose first part failed doesn't go on behind it.
  const rest = second.filter(work => logOf(work) === undefined || !work.ticket.isFailed)
  if (rest.length > 0) await applyBatch(applier, rest)
}

/** A log's chunk that lies across the cut becomes two, the second going on where the first ends. */
function cutLog(works: readonly Work[], middle: number): [Work[], Work[]] {
  const first = works.slice(0, middle)
  const second = works.slice(middle)
  const cut = logOf(second[0])
  if (cut === undefined || logOf(first.at(-1)) !== cut) return [first, second]
  const count = second[0]?.index ?? 0
  const at = offsetIn(cut, count)
  const { digest: _digest, isComplete: _isComplete, cursor, ...open } = cut
  const before: LogChunk = { ...open, to: at }
  // Whoever goes on behind all of it is told of all of it: the first part is settled by then.
  const whole: LogChunk['cursor'] = outcomes => cursor?.([...cut.ticket.outcomes.slice(0, count), ...outcomes])
  const after: LogChunk = { ...cut, from: at, ...(cursor !== undefined && { cursor: whole }) }
  const moved = (part: readonly Work[], log: LogChunk) =>
    part.map(work => (logOf(work) === cut ? ({ ...work, log } as Work) : work))
  return [moved(first, before), moved(second, after)]
}

function settle(works: readonly Work[]): void {
  for (const work of works)
    if (work.refusedFor === undefined) work.ticket.settle(work.index, work.outcome ?? ACCEPTED)
    else work.ticket.fail(work.refusedFor)
}

/** Turns the one event that the database itself refused into a dead letter; false where it is one already. */
function refuseAsData(works: Work[], error: unknown): boolean {
  const [work] = works
  if (work?.kind !== 'event') return false
  const { parsed, ticket, lane, index, enqueuedMs, origin, log } = work
  const refusal = {
    ...refusedByStore(error),
    key: parsed.key === '' ? undefined : parsed.key,
    sequence: parsed.sequence === 0 ? undefined : parsed.sequence,
  }
  works[0] = {
    kind: 'refused',
    lane,
    ticket,
    index,
    enqueuedMs,
    raw: parsed.raw,
    refusal,
    origin,
    log,
    outcome: undefined,
  }
  return true
}
