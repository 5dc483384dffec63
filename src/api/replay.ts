import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Outcome } from '../engine/contract.ts'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { sendReceipt } from '../sources/http/answer.ts'
import type { Budget } from '../sources/http/budget.ts'
import type { Limits } from '../sources/http/limits.ts'
import { mediaOf } from '../sources/http/media.ts'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import { readWhole, WholeBody } from '../sources/http/whole-body.ts'
import type { DeadLetter } from '../store/read/letters.ts'
import { type ApiContext, feedOf } from './context.ts'
import { closed, openLetterOf } from './letters.ts'
import { oneOf, parametersOf } from './parameters.ts'
import { replaySchema } from './schemas/letters.ts'

export type ReplayContext = ApiContext & { readonly limits: Limits; readonly budget: Budget }

/** `POST /feeds/{feed}/dead-letters/{id}/replay`: the corrected event, or an empty body for the event as it was. */
export function addReplay(server: FastifyInstance, context: ReplayContext): void {
  const options = { schema: replaySchema, config: accessTo('operate', NAMED) }
  server.post('/feeds/:feed/dead-letters/:id/replay', options, async (request, reply) => {
    const feed = feedOf(context, request.params)
    const isDry = oneOf('dry', parametersOf(request, ['dry']).dry, ['true', 'false']) === 'true'
    const letter = await openLetterOf(context, feed, request.params)
    const body = new WholeBody(context.limits, context.budget)
    try {
      const event = await correctedEvent(request, context, body)
      return sendReceipt(reply, await replay(context, feed, letter, event ?? letter.raw, isDry))
    } finally {
      body.release()
    }
  })
}

async function replay(
  { engine }: ApiContext,
  feed: CompiledFeed,
  letter: DeadLetter,
  event: Buffer,
  isDry: boolean,
): Promise<Outcome> {
  // What is still wrong doesn't become a letter of its own: this one stays open.
  const parsed = feed.parse(event)
  if (!parsed.ok) {
    const { reason, message, pointer } = parsed.refusal
    return { outcome: 'rejected', reason, message, pointer, deadLetter: letter.id }
  }
  if (isDry) return engine.dryRun(feed.name, event)
  try {
    const [outcome] = await engine.submit(feed.name, {
      events: [event],
      origin: { http: `/feeds/${feed.name}/dead-letters/${letter.id}/replay` },
      corrects: letter.id,
    })
    return outcome ?? { outcome: 'duplicate' }
  } catch (error) {
    // Of several that replay it at once, one does.
    throw error instanceof GroundstationError && error.code === 'CLOSED' ? closed(letter.id) : error
  }
}

/** The body; undefined where there is none. */
async function correctedEvent(
  { headers, raw }: FastifyRequest,
  { limits }: ReplayContext,
  body: WholeBody,
): Promise<Buffer | undefined> {
  const length = headers['content-length']
  if (headers['transfer-encoding'] === undefined && (length === undefined || length === '0')) return undefined
  const media = mediaOf(headers)
  await readWhole(raw, media, limits, body)
  return body.isBlank ? undefined : body.bytes()
}
