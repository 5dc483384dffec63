import type { FastifyInstance } from 'fastify'
import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { differences } from '../feed/difference.ts'
import { type CompiledState, carried, type Standing } from '../feed/state.ts'
import { accessTo } from '../sources/http/route-access.ts'
import { findState } from '../store/read/states.ts'
import { type ApiContext, keyOf, notFound } from './context.ts'
import { sendValue } from './list.ts'
import { parametersOf, wholeNumber } from './parameters.ts'
import { stateChangesSchema } from './schemas/state-changes.ts'

/** `GET /path/{key}/changes?from=1&to=3` for each feed that has a state: what differs between two of its numbers. */
export function addStateChanges(server: FastifyInstance, context: ApiContext): void {
  for (const feed of context.feeds.values()) if (feed.state !== undefined) addChanges(server, context, feed, feed.state)
}

function addChanges(
  server: FastifyInstance,
  { engine, query }: ApiContext,
  feed: CompiledFeed,
  state: CompiledState,
): void {
  const options = { schema: stateChangesSchema(feed, state), config: accessTo('read', feed.name) }
  server.get(`${state.path}/:key/changes`, options, async (request, reply) => {
    const given = (request.params as { key: string }).key
    const asked = parametersOf(request, ['from', 'to'])
    const upTo = asked.to === undefined ? undefined : wholeNumber('to', asked.to, 1)
    const after = asked.from === undefined ? undefined : wholeNumber('from', asked.from, 0)
    if (after !== undefined && upTo !== undefined && after > upTo)
      throw new GroundstationError('REQUEST_INVALID', 'from is a number up to that of to.')
    const key = keyOf(feed, given)
    const newest = key === undefined ? undefined : await findState(query, feed.name, key)
    if (newest === undefined) throw notFound(`There is no ${state.keyName} ${given}.`)
    const to = upTo ?? newest.sequence
    const from = after ?? to - 1
    // Both are folded from what is known now: what a newer declaration makes of old events is no change.
    const later = await engine.stateAt(feed.name, newest.key, to)
    if (later === undefined || from > to)
      throw notFound(`There is no ${state.keyName} ${given} with a number ${Math.max(from, to)}.`)
    const earlier = await engine.stateAt(feed.name, newest.key, from)
    const shown = (standing: Standing | undefined) => (standing === undefined ? {} : carried(state, standing.state))
    return sendValue(reply, { key: newest.key, from, to, changes: differences(shown(earlier), shown(later)) })
  })
}
