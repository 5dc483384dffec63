import type { FastifyInstance } from 'fastify'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import { GAP_STATUSES, listGaps } from '../store/read/gaps.ts'
import { listHeld } from '../store/read/held.ts'
import { type ApiContext, feedOf, keyOf } from './context.ts'
import { sendList } from './list.ts'
import { limitOf, oneOf, parametersOf } from './parameters.ts'
import { gapsSchema, heldSchema } from './schemas/operations.ts'
import { isText, isWhole, readToken, tokenOf } from './token.ts'

type GapToken = readonly [key: string, from: number, to: number, status: string, since: string]
const isGapToken = (parts: readonly unknown[]): parts is GapToken =>
  parts.length === 5 && [1, 2].every(index => isWhole(parts[index])) && [0, 3, 4].every(index => isText(parts[index]))

type HeldToken = readonly [key: string, sequence: number]
const isHeldToken = (parts: readonly unknown[]): parts is HeldToken =>
  parts.length === 2 && isText(parts[0]) && isWhole(parts[1])

/** `GET /feeds/{feed}/gaps` and `/held`: which numbers are missing, and what waits for them. */
export function addGaps(server: FastifyInstance, context: ApiContext): void {
  const { query } = context
  server.get('/feeds/:feed/gaps', { schema: gapsSchema, config: accessTo('read', NAMED) }, async (request, reply) => {
    const feed = feedOf(context, request.params)
    const parameters = parametersOf(request, ['key', 'status', 'limit', 'after'])
    const limit = limitOf(parameters.limit)
    const status = oneOf('status', parameters.status, GAP_STATUSES)
    const asked = parameters.key === undefined ? undefined : keyOf(feed, parameters.key)
    if (asked === undefined && parameters.key !== undefined) return sendList(reply, [], null)
    const list = `gaps ${feed.name}`
    const token = parameters.after === undefined ? undefined : readToken(list, parameters.after, isGapToken)
    const after = token && { key: token[0], from: token[1], to: token[2], status: token[3], since: token[4] }
    const { items, hasMore } = await listGaps(query, { feed: feed.name, key: asked, status, after, limit })
    const last = items.at(-1)
    const next = hasMore && last ? tokenOf(list, [last.key, last.from, last.to, last.status, last.since]) : null
    return sendList(
      reply,
      items.map(gap => JSON.stringify(gap)),
      next,
    )
  })
  server.get('/feeds/:feed/held', { schema: heldSchema, config: accessTo('read', NAMED) }, async (request, reply) => {
    const feed = feedOf(context, request.params)
    const parameters = parametersOf(request, ['key', 'limit', 'after'])
    const limit = limitOf(parameters.limit)
    const asked = parameters.key === undefined ? undefined : keyOf(feed, parameters.key)
    if (asked === undefined && parameters.key !== undefined) return sendList(reply, [], null)
    const list = `held ${feed.name}`
    const token = parameters.after === undefined ? undefined : readToken(list, parameters.after, isHeldToken)
    const after = token && { key: token[0], sequence: token[1] }
    const { items, hasMore } = await listHeld(query, { feed: feed.name, key: asked, after, limit })
    const last = items.at(-1)
    return sendList(
      reply,
      items.map(event => JSON.stringify(event)),
      hasMore && last ? tokenOf(list, [last.key, last.sequence]) : null,
    )
  })
}
