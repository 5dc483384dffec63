import type { CompiledFeed } from '../feed/compile.ts'
import { parseExactly } from '../feed/exact.ts'
import type { ParsedEvent, Refusal } from '../feed/parse.ts'
import { canonical, without } from '../feed/same.ts'
import { type Cursor, START } from '../sequencer/cursor.ts'
import { sequence } from '../sequencer/sequence.ts'
import { deepFreeze } from './deep-freeze.ts'

/** An event as a test writes it down: an object, or the JSON text that a client would send. */
export type GivenEvent = string | object

/** What became of the events given, before anything is folded. */
export type Intake = {
  /** By key, each with its distinct events by number; feeds without a key have one, `''`. */
  readonly keys: Map<string, { cursor: Cursor; readonly events: Map<number, ParsedEvent> }>
  readonly rejected: { readonly event: GivenEvent; readonly refusal: Refusal }[]
  readonly duplicates: GivenEvent[]
  readonly conflicts: GivenEvent[]
}

/** Takes events in the order given, one at a time, by the rules of the feed's identity. */
export function takeIn(feed: CompiledFeed, given: readonly GivenEvent[]): Intake {
  const intake: Intake = { keys: new Map(), rejected: [], duplicates: [], conflicts: [] }
  const ids = new Map<string, ParsedEvent>()
  for (const event of given) {
    const parsed = feed.parse(Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)))
    if (parsed.ok) place(feed, intake, ids, event, { ...parsed, event: deepFreeze(parsed.event) })
    else intake.rejected.push({ event, refusal: parsed.refusal })
  }
  return intake
}

function place(
  feed: CompiledFeed,
  intake: Intake,
  ids: Map<string, ParsedEvent>,
  given: GivenEvent,
  parsed: ParsedEvent,
): void {
  const { kind, isSparse, idOf } = feed.identity
  const entity = intake.keys.get(parsed.key) ?? { cursor: START, events: new Map<number, ParsedEvent>() }
  intake.keys.set(parsed.key, entity)
  const number = kind === 'sequenced' ? parsed.sequence : entity.events.size + 1
  // An id is one whatever its key is.
  const known = idOf === undefined ? entity.events.get(kind === 'snapshot' ? number - 1 : number) : ids.get(parsed.id)
  if (known !== undefined) {
    if (contentOf(feed, known) === contentOf(feed, parsed)) return void intake.duplicates.push(given)
    if (kind !== 'snapshot') return void intake.conflicts.push(given)
  }
  entity.events.set(number, parsed)
  if (idOf !== undefined) ids.set(parsed.id, parsed)
  const policy = { isSparse, maxHeld: feed.gaps.maxHeld }
  entity.cursor = sequence(entity.cursor, [{ sequence: number, incoming: 'event' }], policy, 0).cursor
}

/** What two events must share to be the same: a resend may change the event's own time, and no version of a snapshot is one. */
function contentOf(feed: CompiledFeed, { raw }: ParsedEvent): string {
  const content = parseExactly(raw.toString('utf8'))
  const { kind, timePath } = feed.identity
  return canonical(kind === 'snapshot' || timePath === undefined ? content : without(content, timePath.split('.')))
}
