import { GroundstationError } from '../../errors.ts'
import { lockOpenLetters } from '../../store/write/letters.ts'
import type { Batch } from '../batch.ts'
import { DUPLICATE, type RefoldWork, Ticket, type Work } from '../work.ts'

/** The dead letter that a work closes. */
const letterOf = (work: Work): number | undefined =>
  work.kind === 'dismissal' ? work.deadLetter : work.kind === 'event' ? work.corrects : undefined

/**
 * Of those that close one dead letter, by a correction or a dismissal, the first does; the others are refused, and nothing of
 * theirs is applied. The rest passes. Where the letter is of an event that was skipped, its key is folded again.
 */
export async function passLetters(batch: Batch, works: readonly Work[]): Promise<readonly Work[]> {
  const { client, stored, effects } = batch
  const asked = new Set(works.flatMap(work => letterOf(work) ?? []))
  if (asked.size === 0) return works
  const open = new Map((await lockOpenLetters(client, stored.id, [...asked])).map(letter => [letter.id, letter]))
  return works.flatMap(work => {
    const id = letterOf(work)
    if (id === undefined) return [work]
    const letter = open.get(id)
    open.delete(id)
    if (letter === undefined) {
      work.refusedFor = new GroundstationError('CLOSED', `The dead letter ${id} was replayed or dismissed already.`)
      work.outcome = DUPLICATE
      return []
    }
    if (letter.reason !== 'fold') return [work]
    effects.foldLetters.add(id)
    return [work, ...refoldOf(batch, work, letter.key)]
  })
}

/** Nobody waits for it but those who wait for the work. */
function refoldOf({ feed }: Batch, work: Work, key: string | null): RefoldWork[] {
  const isKeys = work.kind === 'event' && feed.identity.kind === 'sequenced' && work.parsed.key === key
  const { lane, index, enqueuedMs } = work
  return isKeys ? [{ kind: 'refold', lane, index, enqueuedMs, ticket: new Ticket(1), key, outcome: undefined }] : []
}
