import { GroundstationError } from '../../errors.ts'
import { type SplitItem, Splitter } from '../split.ts'
import { answerMany, sendReceipt } from './answer.ts'
import { chunksOfItems } from './chunk.ts'
import { Claim } from './claim.ts'
import { type Post, targetOf } from './gateway.ts'
import { headersIn } from './headers.ts'
import type { Limits } from './limits.ts'
import { type Receipts, submitAll } from './submit-all.ts'
import { readWhole, WholeBody } from './whole-body.ts'

/** A body of one JSON value: an event, or an array of them. Nothing is taken before all of it is here. */
export async function postWhole(post: Post): Promise<void> {
  const body = new WholeBody(limitsOf(post), post.budget)
  try {
    await readWhole(post.request.raw, post.media, post.limits, body)
    post.verify?.(body.raw())
    if (body.isBlank) throw new GroundstationError('REQUEST_INVALID', 'The body is empty.')
    if (body.isArray) await answerMany(post, receiptsOf(post, itemsOf(post, body.bytes())))
    else await postOne(post, body.bytes())
  } finally {
    body.release()
  }
}

/** A body of which nobody knows yet who sent it is no larger than one event may be, an array neither. */
const limitsOf = ({ limits, verify }: Post): Limits =>
  verify === undefined ? limits : { ...limits, arrayBytesMax: Math.min(limits.arrayBytesMax, limits.eventBytesMax) }

async function postOne(post: Post, bytes: Buffer): Promise<void> {
  const { engine, feed, path, key, request, reply } = post
  const headers = headersIn(request.headers, feed.headers)
  const [receipt] =
    key === undefined
      ? await engine.submit(feed.name, { events: [bytes], headers, origin: { http: path } })
      : ((await receiptsOf(post, [{ bytes }]).next()).value ?? [])
  if (receipt === undefined) throw new GroundstationError('INTERNAL', 'An event was submitted and has no outcome.')
  sendReceipt(reply, receipt)
}

/** Cut bit by bit: an array of millions of numbers is refused before they are all items. */
const CUT_BYTES = 256 * 1024

function itemsOf({ limits: { eventBytesMax, arrayEventsMax } }: Post, bytes: Buffer): SplitItem[] {
  const splitter = new Splitter({ maxEventBytes: eventBytesMax, mode: 'json' })
  const items: SplitItem[] = []
  for (let start = 0; start < bytes.length && items.length <= arrayEventsMax; start += CUT_BYTES)
    for (const item of splitter.push(bytes.subarray(start, start + CUT_BYTES))) items.push(item)
  for (const item of splitter.end()) items.push(item)
  if (items.length <= arrayEventsMax) return items
  throw new GroundstationError(
    'BODY_TOO_LARGE',
    `An array has at most ${arrayEventsMax} events. Send NDJSON, which has no limit but a line's.`,
  )
}

async function* receiptsOf(post: Post, items: readonly SplitItem[]): Receipts {
  const target = targetOf(post)
  if (post.key !== undefined && post.feed.identity.kind !== 'position') {
    const claim = new Claim(target, post.key)
    claim.add(items)
    await claim.check('Nothing of this one was taken.')
  }
  yield* submitAll(target, chunksOfItems(items), { key: post.key, isStream: false })
}
