import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import type { CompiledFeed } from '../feed/compile.ts'
import { Refusal } from '../sources/http/problem.ts'
import { accessTo, NAMED } from '../sources/http/route-access.ts'
import { type DeadLetter, findLetter, LETTER_STATUSES, listLetters } from '../store/read/letters.ts'
import { type ApiContext, feedOf, keyOf, notFound } from './context.ts'
import { sendList, sendValue } from './list.ts'
import { limitOf, oneOf, parametersOf } from './parameters.ts'
import { dismissalSchema, letterSchema, lettersSchema } from './schemas/letters.ts'
import { isWhole, readToken, tokenOf } from './token.ts'

const isToken = (parts: readonly unknown[]): parts is readonly [number] => parts.length === 1 && isWhole(parts[0])

/** `GET /feeds/{feed}/dead-letters`, one of them, and its dismissal. */
export function addLetters(server: FastifyInstance, context: ApiContext): void {
  const { engine, query } = context
  const config = accessTo('operate', NAMED)
  server.get('/feeds/:feed/dead-letters', { schema: lettersSchema, config }, async (request, reply) => {
    const feed = feedOf(context, request.params)
    const parameters = parametersOf(request, ['key', 'status', 'limit', 'after'])
    const limit = limitOf(parameters.limit)
    const status = oneOf('status', parameters.status ?? 'open', [...LETTER_STATUSES, 'all'])
    const key = parameters.key === undefined ? undefined : keyOf(feed, parameters.key)
    if (key === undefined && parameters.key !== undefined) return sendList(reply, [], null)
    const list = `dead letters ${feed.name}`
    const after = parameters.after === undefined ? undefined : readToken(list, parameters.after, isToken)[0]
    const asked = { feed: feed.name, key, status: status === 'all' ? undefined : status, after, limit }
    const { items, hasMore } = await listLetters(query, asked)
    const last = items.at(-1)
    return sendList(
      reply,
      items.map(letter => JSON.stringify(shown(letter))),
      hasMore && last ? tokenOf(list, [last.id]) : null,
    )
  })
  server.get('/feeds/:feed/dead-letters/:id', { schema: letterSchema, config }, async (request, reply) => {
    parametersOf(request, [])
    return sendValue(reply, shown(await letterOf(context, feedOf(context, request.params), request.params)))
  })
  server.delete('/feeds/:feed/dead-letters/:id', { schema: dismissalSchema, config }, async (request, reply) => {
    parametersOf(request, [])
    const feed = feedOf(context, request.params)
    const letter = await openLetterOf(context, feed, request.params)
    // Of two that dismiss it at once, one is told that it is closed.
    if (!(await engine.dismiss(feed.name, letter.id))) throw closed(letter.id)
    return reply.code(204).send()
  })
}

/** The letter that a path names. Raises NOT_FOUND. */
async function letterOf({ query }: ApiContext, feed: CompiledFeed, params: unknown): Promise<DeadLetter> {
  const { id } = params as { id: string }
  const letter = /^\d{1,15}$/.test(id) ? await findLetter(query, feed.name, Number(id)) : undefined
  if (letter === undefined) throw notFound(`${feed.name} has no dead letter ${id}.`)
  return letter
}

export const closed = (id: number) =>
  new Refusal(409, 'closed', `The dead letter ${id} was replayed or dismissed already.`, { deadLetter: id })

/** Raises NOT_FOUND, and a refusal for one that is closed. */
export async function openLetterOf(context: ApiContext, feed: CompiledFeed, params: unknown): Promise<DeadLetter> {
  const letter = await letterOf(context, feed, params)
  if (letter.status !== 'open') throw closed(letter.id)
  return letter
}

/** The bytes as text where they are one. */
function shown({ raw, ...letter }: DeadLetter) {
  const encoding = isUtf8(raw) ? 'utf-8' : 'base64'
  return { ...letter, raw: raw.toString(encoding), encoding }
}
