import type { FastifyInstance } from 'fastify'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { type CompiledState, present, type SortField } from '../feed/state.ts'
import { accessTo } from '../sources/http/route-access.ts'
import { findState, listStates, type SortValue, type StatesAfter } from '../store/read/states.ts'
import { type ApiContext, keyOf, notFound } from './context.ts'
import { sendList, sendValue } from './list.ts'
import { wantsStream } from './live/accept.ts'
import type { LiveContext } from './live/serve.ts'
import { StateStreams } from './live/state-streams.ts'
import { limitOf, parametersOf, wholeNumber } from './parameters.ts'
import { stateListSchema, stateSchema } from './schemas/state.ts'
import { isText, readToken, tokenOf } from './token.ts'

/** What a stream takes, and an answer in JSON needn't know: /docs sends it with both. */
const IGNORED = ['seconds'] as const

/** `GET /path` and `GET /path/{key}` for each feed that has a state. */
export function addStates(server: FastifyInstance, context: ApiContext, live: LiveContext): void {
  for (const feed of context.feeds.values())
    if (feed.state !== undefined) addState(server, context, feed, { state: feed.state, live })
}

function addState(
  server: FastifyInstance,
  { engine, query }: ApiContext,
  feed: CompiledFeed,
  { state, live }: { state: CompiledState; live: LiveContext },
): void {
  const streams = new StateStreams({ engine, query, feed, state, live })
  const config = accessTo('read', feed.name)
  server.get(state.path, { schema: stateListSchema(feed, state), config }, async (request, reply) => {
    reply.header('vary', 'accept')
    if (wantsStream(request.headers.accept)) return streams.all(request, reply)
    const parameters = parametersOf(request, ['sort', 'limit', 'after', ...IGNORED])
    const { sort, isDescending } = sortOf(state, parameters.sort)
    const limit = limitOf(parameters.limit)
    const list = `states ${feed.name} ${isDescending ? '-' : ''}${sort.name}`
    const after = parameters.after === undefined ? undefined : afterOf(list, parameters.after, sort)
    const page = await listStates(query, { feed: feed.name, sort, isDescending, limit, after })
    const next = page.hasMore && page.last !== undefined ? tokenOf(list, [page.last.value, page.last.key]) : null
    return sendList(
      reply,
      page.items.map(standing => JSON.stringify(present(state, standing))),
      next,
    )
  })
  server.get(`${state.path}/:key`, { schema: stateSchema(feed, state), config }, async (request, reply) => {
    reply.header('vary', 'accept')
    const given = (request.params as { key: string }).key
    const key = keyOf(feed, given)
    if (wantsStream(request.headers.accept)) return streams.one(request, reply, given, key)
    const { at } = parametersOf(request, ['at', ...IGNORED])
    const number = at === undefined ? undefined : wholeNumber('at', at, 1)
    const newest = async () => (key === undefined ? undefined : findState(query, feed.name, key))
    const standing =
      key === undefined || number === undefined ? await newest() : await engine.stateAt(feed.name, key, number)
    if (standing !== undefined) return sendValue(reply, present(state, standing))
    const isKnown = number !== undefined && (await newest()) !== undefined
    throw notFound(`There is no ${state.keyName} ${given}${isKnown ? ` with a number ${number}` : ''}.`)
  })
}

function sortOf(state: CompiledState, text: string | undefined): { sort: SortField; isDescending: boolean } {
  const isDescending = text?.startsWith('-') === true
  const name = isDescending ? text?.slice(1) : (text ?? state.keyName)
  const sort = state.sort.find(field => field.name === name)
  if (sort !== undefined) return { sort, isDescending }
  const known = state.sort.map(field => field.name).join(', ')
  throw new GroundstationError('REQUEST_INVALID', `sort is one of ${known}; with - before it the highest comes first.`)
}

function afterOf(list: string, token: string, { kind }: SortField): StatesAfter {
  const [value, key] = readToken(
    list,
    token,
    (parts): parts is readonly [SortValue, string] => parts.length === 2 && fits(kind, parts[0]) && isText(parts[1]),
  )
  return { value, key }
}

/** Whether a token's value is one that the field can have: numbers come as the database writes them. */
function fits(kind: SortField['kind'], value: unknown): boolean {
  if (value === null) return true
  if (kind === 'boolean') return typeof value === 'boolean'
  if (kind === 'text') return isText(value)
  return typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,400}(\.\d{1,400})?$/.test(value))
}
