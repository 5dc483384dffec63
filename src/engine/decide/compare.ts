import type { CompiledFeed } from '../../feed/compile.ts'
import { parseExactly } from '../../feed/exact.ts'
import { canonical, without } from '../../feed/same.ts'
import { findEvents } from '../../store/write/events.ts'
import { findHeld } from '../../store/write/held.ts'
import { letterDigest } from '../../store/write/letters.ts'
import type { Batch } from '../batch.ts'
import { DUPLICATE, type EventWork } from '../work.ts'

/** A number that is in already, and the event that came for it again. `stored` is found later, for all at once. */
export type Repeat = { readonly keyId: number; readonly work: EventWork; readonly earlier: EventWork | undefined }

/** Whether two events say the same but for their own time, which a resend may change. */
export function isSameContent(feed: CompiledFeed, first: string, second: string): boolean {
  if (first === second) return true
  const timePath = feed.identity.timePath?.split('.') ?? []
  const content = (raw: string) =>
    canonical(timePath.length === 0 ? parseExactly(raw) : without(parseExactly(raw), timePath))
  return content(first) === content(second)
}

/**
 * Tells duplicates from conflicts. The first event of a number stays, whatever comes after it. Returns the repeats whose
 * number is nowhere to be found: for sparse feeds they are late, for others their event has left the record.
 */
export async function settleRepeats(batch: Batch, repeats: readonly Repeat[]): Promise<Repeat[]> {
  const unknown = repeats.filter(repeat => repeat.earlier === undefined)
  const stored = unknown.length === 0 ? new Map<string, string>() : await storedContents(batch, unknown)
  const notFound: Repeat[] = []
  for (const repeat of repeats) {
    const { work, earlier, keyId } = repeat
    const first =
      earlier === undefined ? stored.get(`${keyId}:${work.parsed.sequence}`) : earlier.parsed.raw.toString('utf8')
    if (first === undefined) notFound.push(repeat)
    else if (isSameContent(batch.feed, first, work.parsed.raw.toString('utf8'))) settleDuplicate(batch, work)
    else addConflict(batch, work)
  }
  return notFound
}

async function storedContents(batch: Batch, repeats: readonly Repeat[]): Promise<Map<string, string>> {
  const wanted = repeats.map(({ keyId, work }) => ({ keyId, sequence: work.parsed.sequence }))
  const contents = new Map<string, string>()
  for (const { keyId, sequence, raw } of await findEvents(batch.client, batch.stored.id, wanted))
    contents.set(`${keyId}:${sequence}`, raw)
  const held = wanted.filter(({ keyId, sequence }) => !contents.has(`${keyId}:${sequence}`))
  if (held.length > 0)
    for (const { keyId, sequence, raw } of await findHeld(batch.client, batch.stored.id, held))
      contents.set(`${keyId}:${sequence}`, raw)
  return contents
}

/** A correction that is there already corrects all the same. */
export function settleDuplicate({ effects }: Batch, work: EventWork): void {
  work.outcome = DUPLICATE
  if (work.corrects !== undefined && !effects.foldLetters.has(work.corrects))
    effects.replayedLetters.push(work.corrects)
}

/** A conflict is a dead letter; the event that was first stays. */
export function addConflict(batch: Batch, work: EventWork): void {
  const { raw, key, sequence } = work.parsed
  batch.effects.letters.push({
    reason: 'conflict',
    message: 'the same identity has come with other content before; the first stays',
    pointer: '',
    key: key === '' ? undefined : key,
    sequence: sequence === 0 ? undefined : sequence,
    source: JSON.stringify(work.origin),
    raw,
    digest: letterDigest(raw),
    works: [work],
    outcomeOf: deadLetter => ({ outcome: 'conflict', deadLetter }),
  })
}
