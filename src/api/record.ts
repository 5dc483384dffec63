import type { FastifyInstance } from 'fastify'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import type { Page } from '../store/read/query.ts'
import { listKeyRecord, listRecord, type RecordedEvent } from '../store/read/record.ts'
import { type ApiContext, feedOf, keyOf } from './context.ts'
import { sendList } from './list.ts'
import { limitOf, parametersOf, wholeNumber } from './parameters.ts'
import { recordSchema } from './schemas/operations.ts'
import { isWhole, readToken, tokenOf } from './token.ts'

/** `GET /feeds/{feed}/record`: the events themselves, of one key in their order, or of all, lane by lane. */
export function addRecord(server: FastifyInstance, context: ApiContext): void {
  server.get(
    '/feeds/:feed/record',
    { schema: recordSchema, config: accessTo('read', NAMED) },
    async (request, reply) => {
      const feed = feedOf(context, request.params)
      const parameters = parametersOf(request, ['key', 'from', 'limit', 'after'])
      const read = parameters.key === undefined ? readAll : readKey
      const { page, next } = await read(context, feed, { ...parameters, limit: limitOf(parameters.limit) })
      return sendList(reply, page.items.map(textOf), page.hasMore ? next : null)
    },
  )
}

type Asked = { key?: string; from?: string; after?: string; limit: number }
type Found = { page: Page<RecordedEvent>; next: string | null }

async function readKey({ query }: ApiContext, feed: CompiledFeed, asked: Asked): Promise<Found> {
  if (!feed.identity.isKeyed)
    throw new GroundstationError('REQUEST_INVALID', `The events of ${feed.name} are not kept by key.`)
  const key = keyOf(feed, asked.key ?? '')
  const list = `record ${feed.name} of ${key}`
  const first = asked.from === undefined ? 1 : wholeNumber('from', asked.from, 1)
  const after = asked.after === undefined ? 0 : readToken(list, asked.after, isNumber)[0]
  const from = Math.max(first, after + 1)
  const nothing = { items: [], hasMore: false }
  const page =
    key === undefined ? nothing : await listKeyRecord(query, { feed: feed.name, key, from, limit: asked.limit })
  const last = page.items.at(-1)
  return { page, next: last === undefined ? null : tokenOf(list, [last.sequence]) }
}

async function readAll({ query }: ApiContext, feed: CompiledFeed, asked: Asked): Promise<Found> {
  if (asked.from !== undefined) throw new GroundstationError('REQUEST_INVALID', 'from needs a key.')
  const list = `record ${feed.name}`
  const token = asked.after === undefined ? undefined : readToken(list, asked.after, isPlace)
  const after = token === undefined ? undefined : { lane: token[0], position: token[1] }
  const page = await listRecord(query, { feed: feed.name, after, limit: asked.limit })
  const last = page.items.at(-1)
  return { page, next: last === undefined ? null : tokenOf(list, [last.lane, last.position]) }
}

const isNumber = (parts: readonly unknown[]): parts is readonly [number] => parts.length === 1 && isWhole(parts[0])
const isPlace = (parts: readonly unknown[]): parts is readonly [number, number] =>
  parts.length === 2 && isWhole(parts[0]) && Math.abs(parts[0]) < 32_768 && isWhole(parts[1])

/** The event goes in as it was posted, to the byte. */
function textOf({ raw, facts, ...event }: RecordedEvent): string {
  return `${JSON.stringify(event).slice(0, -1)},"facts":${facts},"event":${raw}}`
}
