import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyBatch } from '../../src/engine/apply.ts'
import type { Transactions } from '../../src/engine/transaction.ts'
import { type LogChunk, Ticket, type Work } from '../../src/engine/work.ts'
import { GroundstationError } from '../../src/errors.ts'

/** A page of a poll: all of its items are at one place in the log. */
function pageOf(count: number): Work[] {
  const ticket = new Ticket(count)
  const log: LogChunk = {
    name: 'poll',
    first: 7,
    from: 7,
    to: 8,
    offsetOf: () => 7,
    lane: 0,
    ticket,
    mayOverlap: false,
    epoch: 1,
  }
  const common = { kind: 'refused', lane: 0, ticket, enqueuedMs: 0, raw: Buffer.from('{}'), origin: {}, log } as const
  const refusal = { reason: 'schema', message: '', pointer: '', key: undefined, sequence: undefined } as const
  return Array.from({ length: count }, (_, index) => ({ ...common, index, refusal, outcome: undefined }))
}

test('rule 15: a part of a log that failed isn’t passed over by the part behind it', async () => {
  const works = pageOf(4)
  const ran: number[][] = []
  const run = async (some: readonly Work[]) => {
    ran.push(some.map(({ index }) => index))
    if (some.length === 4) throw Object.assign(new Error('refused'), { code: '23514' })
    throw new GroundstationError('STORE_INCOMPATIBLE', 'not now')
  }
  const transactions = { run } as unknown as Transactions
  const ignore = () => undefined
  await applyBatch({ transactions, retryMs: 0, onFailure: ignore, onSuccess: ignore }, works)
  assert.deepEqual(ran, [
    [0, 1, 2, 3],
    [0, 1],
  ])
  await assert.rejects(works[0]?.ticket.promise ?? Promise.resolve(), { code: 'STORE_INCOMPATIBLE' })
})
