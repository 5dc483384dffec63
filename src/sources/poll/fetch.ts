import type { CompiledPoll } from '../../feed/poll.ts'
import type { Answer, PollClient } from './client.ts'
import { cutItems } from './cut.ts'
import { garbled, PageFailure, wrongAnswer } from './failure.ts'
import { type Came, type Place, requestAt } from './pages.ts'
import { type Chance, retryAfterMs, withRetries } from './retry.ts'

export type Fetching = {
  readonly poll: CompiledPoll
  readonly client: PollClient
  readonly chance: Chance
  readonly signal: AbortSignal
  /** Of a value in each item whose place in the page is told. */
  readonly name?: string | undefined
  /** Sent as well: what lets the API say that nothing has changed. */
  readonly conditions: Readonly<Record<string, string>>
  /** Called before each request. */
  readonly onRequest: () => void
}

export type Fetched = Came & {
  /** Each item as the bytes that came. */
  readonly cut: readonly Buffer[]
  readonly named: readonly number[]
  /** Nothing has changed since the conditions were told. */
  readonly isUnchanged: boolean
}

/** One page, and its items; asked for again where that may help. Raises PageFailure. */
export function fetchPage(fetching: Fetching, place: Place): Promise<Fetched> {
  const { chance, signal } = fetching
  return withRetries(() => fetchOnce(fetching, place), chance, signal)
}

/** The same, asked for once. */
export async function fetchOnce(
  { poll, client, signal, name, conditions, onRequest }: Fetching,
  place: Place,
): Promise<Fetched> {
  const { headers: own, ...rest } = requestAt(poll, place)
  onRequest()
  const answer = await client.send({ ...rest, headers: { ...own, ...conditions } }, signal)
  refuseStatus(answer, Object.keys(conditions).length > 0)
  const { status, body, headers } = answer
  if (status === 304) return { cut: [], named: [], items: 0, around: undefined, body, headers, isUnchanged: true }
  const { items: cut, named, around } = cutItems(body, poll.items, name)
  if (poll.isGraphql && hasErrors(around)) throw garbled('answers a query with errors', body)
  return { cut, named, items: cut.length, around, body, headers, isUnchanged: false }
}

function refuseStatus({ status, headers, body }: Answer, isConditional: boolean): void {
  if (status === 200 || (status === 304 && isConditional)) return
  const canPass = status >= 500 || status === 408 || status === 425 || status === 429
  const message = `answered ${status}`
  if (!canPass) throw wrongAnswer(message, body, { why: 'status', status })
  throw new PageFailure('SOURCE_UNREACHABLE', message, {
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
    why: 'status',
    status,
  })
}

function hasErrors(around: unknown): boolean {
  const errors = typeof around === 'object' && around !== null && 'errors' in around ? around.errors : undefined
  return errors !== undefined && errors !== null && !(Array.isArray(errors) && errors.length === 0)
}
