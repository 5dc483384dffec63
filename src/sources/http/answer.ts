import type { FastifyReply } from 'fastify'
import type { Post } from './gateway.ts'
import { wantsReceipts } from './headers.ts'
import { type Problem, problem, sendProblem } from './problem.ts'
import { addTo, noTotals, type Receipt, receiptText, toldTotals } from './receipt.ts'
import { sendReceipts } from './stream-receipts.ts'
import type { Receipts } from './submit-all.ts'

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8'

export const sendJson = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', JSON_MEDIA_TYPE).send(text)

/** Answers with the sum of what became of the events, or, where it is asked for, with each one's receipt. */
export async function answerMany({ engine, feed, request, reply }: Post, receipts: Receipts): Promise<void> {
  const isQueued = engine.queues?.has(feed.name) === true
  if (wantsReceipts(request.headers)) {
    await sendReceipts(reply, receipts, isQueued)
    return
  }
  const totals = noTotals()
  for await (const some of receipts) addTo(totals, some)
  if (totals.queued > 0) reply.code(202)
  sendJson(reply, JSON.stringify(toldTotals(totals, isQueued)))
}

/** One event's answer: what became of it, or the problem that it is. */
export function sendReceipt(reply: FastifyReply, receipt: Receipt): FastifyReply {
  const refusal = refusalOf(receipt)
  if (receipt.outcome === 'queued') reply.code(202)
  return refusal === undefined ? sendJson(reply, receiptText(receipt)) : sendProblem(reply, refusal)
}

function refusalOf(receipt: Receipt): Problem | undefined {
  const { outcome } = receipt
  if (outcome === 'conflict')
    return problem(
      409,
      'conflict',
      'Another event with the same identity is on the record, with other content. It stays; this one is a dead letter.',
      { outcome, deadLetter: receipt.deadLetter },
    )
  if (outcome !== 'rejected') return undefined
  const { reason, message, pointer, deadLetter } = receipt
  return problem(400, 'rejected', `${pointer === '' ? 'The event' : pointer} ${message}.`, {
    outcome,
    reason,
    pointer,
    deadLetter,
  })
}
