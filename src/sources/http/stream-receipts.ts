import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { LINES_MEDIA_TYPE } from './media.ts'
import { addTo, noTotals, type Receipt, receiptLines, toldTotals } from './receipt.ts'
import type { Receipts } from './submit-all.ts'

/**
 * Answers with each event's receipt as it becomes durable. The headers go out with the first of them, so that whatever
 * fails before is an answer of its own; what fails later breaks the answer off, without its last line. Resolves when the
 * answer has ended, either way.
 */
export async function sendReceipts(reply: FastifyReply, receipts: Receipts, isQueued: boolean): Promise<void> {
  const first = await receipts.next()
  reply.header('content-type', LINES_MEDIA_TYPE).header('preference-applied', 'return=representation')
  const answer = Readable.from(linesOf(first, receipts, isQueued), { objectMode: false })
  const ended = new Promise<void>(resolve => answer.once('close', resolve))
  if (isQueued) reply.code(202)
  reply.send(answer)
  await ended
}

async function* linesOf(
  first: IteratorResult<readonly Receipt[], void>,
  rest: Receipts,
  isQueued: boolean,
): AsyncGenerator<string, void, undefined> {
  const totals = noTotals()
  try {
    for (let next = first; !next.done; next = await rest.next()) {
      addTo(totals, next.value)
      if (next.value.length > 0) yield receiptLines(next.value)
    }
    yield `${JSON.stringify({ done: true, ...toldTotals(totals, isQueued) })}\n`
  } finally {
    await rest.return()
  }
}
