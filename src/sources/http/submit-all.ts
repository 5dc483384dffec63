import type { Chunk } from './chunk.ts'
import { withLast } from './chunk.ts'
import { inOrder } from './in-order.ts'
import { LogSubmitter } from './log-submitter.ts'
import type { Receipt } from './receipt.ts'
import { submitterOf, type Target } from './submitter.ts'

export type Receipts = AsyncGenerator<readonly Receipt[], void, undefined>

/** Of one request. More let the next batch gather while one commits. */
const CHUNKS_AT_ONCE_MAX = 4

/** Submits chunks and tells each event's receipt, in the order sent. A log goes on from offset to offset, so one at a time. */
export function submitAll(
  target: Target,
  chunks: AsyncGenerator<Chunk, void, undefined>,
  { key, isStream }: { readonly key: string | undefined; readonly isStream: boolean },
): Receipts {
  if (key === undefined || target.feed.identity.kind !== 'position')
    return inOrder(chunks, submitterOf(target, isStream), CHUNKS_AT_ONCE_MAX)
  const log = new LogSubmitter(target, key)
  return inOrder(withLast(chunks), part => log.submit(part), 1)
}
