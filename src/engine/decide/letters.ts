import { GroundstationError } from '../../errors.ts'
import { lockOpenLetters } from '../../store/write/letters.ts'
import type { Batch } from '../batch.ts'
import { DUPLICATE, type Work } from '../work.ts'

/** The dead letter that a work closes. */
const letterOf = (work: Work): number | undefined =>
  work.kind === 'dismissal' ? work.deadLetter : work.kind === 'event' ? work.corrects : undefined

/**
 * Of those that close one dead letter, by a correction or a dismissal, the first does; the others are refused, and nothing of
 * theirs is applied. The rest passes.
 */
export async function passLetters({ client, stored }: Batch, works: readonly Work[]): Promise<readonly Work[]> {
  const asked = new Set(works.flatMap(work => letterOf(work) ?? []))
  if (asked.size === 0) return works
  const open = new Set(await lockOpenLetters(client, stored.id, [...asked]))
  return works.filter(work => {
    const letter = letterOf(work)
    if (letter === undefined || open.delete(letter)) return true
    work.refusedFor = new GroundstationError('CLOSED', `The dead letter ${letter} was replayed or dismissed already.`)
    work.outcome = DUPLICATE
    return false
  })
}
