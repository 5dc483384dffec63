import type { CompiledFeed } from '../../feed/compile.ts'
import type { Call, Gateway } from './gateway.ts'
import { idempotencyKeyOf } from './headers.ts'
import { mediaOf, requireWhole } from './media.ts'
import { postLines } from './post-lines.ts'
import { postWhole } from './post-whole.ts'
import { claimOf, verify } from './signed/verify.ts'

/** Answers a post to a feed. Rejects where nothing has been answered yet. */
export async function post(gateway: Gateway, feed: CompiledFeed, path: string, call: Call): Promise<void> {
  const { headers } = call.request
  const { signature, idempotencyKey } = feed.source
  const claim = signature === undefined ? undefined : claimOf(signature, headers, Date.now())
  const media = mediaOf(headers)
  if (claim !== undefined) requireWhole(media)
  const key = idempotencyKeyOf(headers, idempotencyKey)
  const { engine, limits, budget, stopping } = gateway
  const { request, reply } = call
  const one = {
    ...{ engine, limits, budget, stopping, request, reply, feed, path, media, key },
    verify: signature && claim && ((body: Buffer) => verify(signature, claim, body)),
  }
  await (media.form === 'json' ? postWhole(one) : postLines(one))
}
