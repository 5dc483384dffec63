import type { CompiledFeed } from '../../feed/compile.ts'
import type { Call, Gateway } from './gateway.ts'
import { idempotencyKeyOf } from './headers.ts'
import { mediaOf } from './media.ts'
import { postLines } from './post-lines.ts'
import { postWhole } from './post-whole.ts'

/** Answers a post to a feed. Rejects where nothing has been answered yet. */
export async function post(gateway: Gateway, feed: CompiledFeed, path: string, call: Call): Promise<void> {
  const media = mediaOf(call.request.headers)
  const key = idempotencyKeyOf(call.request.headers)
  const { engine, limits, budget, stopping } = gateway
  const { request, reply } = call
  const one = { engine, limits, budget, stopping, request, reply, feed, path, media, key }
  await (media.form === 'json' ? postWhole(one) : postLines(one))
}
