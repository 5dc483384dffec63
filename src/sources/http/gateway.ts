import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Intake } from '../../engine/contract.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { Budget } from './budget.ts'
import { headersIn } from './headers.ts'
import type { Limits } from './limits.ts'
import type { Media } from './media.ts'
import type { Target } from './submitter.ts'

/** What all posts share. */
export type Gateway = {
  readonly engine: Intake
  readonly limits: Limits
  readonly budget: Budget
  /** Aborted when the server begins to stop. */
  readonly stopping: AbortSignal
}

export type Call = { readonly request: FastifyRequest; readonly reply: FastifyReply }

/** One post to a feed. */
export type Post = Gateway &
  Call & {
    readonly feed: CompiledFeed
    /** Where it was posted to, as dead letters tell it. */
    readonly path: string
    readonly media: Media
    readonly key: string | undefined
    /** Of a post that must be signed: raises SIGNATURE_INVALID unless these are the bytes that were. */
    readonly verify: ((body: Buffer) => void) | undefined
  }

/** Where a post's events go; its signal is aborted when the client leaves. */
export function targetOf({ engine, feed, path, limits, request, reply }: Post): Target {
  const leaving = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) leaving.abort()
  })
  const headers = headersIn(request.headers, feed.headers)
  return { engine, feed, path, headers, eventBytesMax: limits.eventBytesMax, signal: leaving.signal }
}
