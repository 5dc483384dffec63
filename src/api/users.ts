import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GroundstationError } from '../errors.ts'
import { Refusal } from '../sources/http/problem.ts'
import { accountFields } from '../users/account.ts'
import type { Checked, Users } from '../users/users.ts'
import { sendRows, sendValue } from './list.ts'
import { isStorable, limitOf, parametersOf, skipOf } from './parameters.ts'
import { loginSchema, passwordSchema, userListSchema, userSchema } from './schemas/users.ts'
import { type BodyLimits, readSmallBody, readSmallObject } from './small-body.ts'

type UsersContext = BodyLimits & { readonly users: Users }

/** `POST /login`, `GET` and `POST /users`, `PUT /users/me/password`. */
export function addUsers(server: FastifyInstance, context: UsersContext): void {
  const { users } = context
  const config = { access: { role: 'administrator' } } as const
  server.post('/login', { schema: loginSchema, config: { access: 'open' } }, (request, reply) =>
    login(context, request, reply),
  )
  server.get('/users', { schema: userListSchema, config }, async (request, reply) => {
    const parameters = parametersOf(request, ['skip', 'limit'])
    const page = { skip: skipOf(parameters.skip), limit: limitOf(parameters.limit) }
    const accounts = await users.list(page)
    return sendRows(
      reply,
      accounts.map(account => JSON.stringify(account)),
      page,
    )
  })
  server.post('/users', { schema: userSchema, config }, async (request, reply) => {
    const id = await users.add(accountFields(await readSmallObject(request, context)))
    return sendValue(reply.code(201), { id })
  })
  server.put('/users/me/password', { schema: passwordSchema, config: { access: 'user' } }, async (request, reply) => {
    const address = addressOf(request)
    const { current, password } = await readSmallObject(request, context)
    if (typeof current !== 'string' || typeof password !== 'string')
      throw new GroundstationError('REQUEST_INVALID', 'current and password are texts: the old one and the new one.')
    const username = request.identity?.name ?? ''
    const checked = await users.check({ username, password: current, address })
    if (checked.outcome === 'limited') throw limited(checked)
    if (checked.outcome === 'wrong') throw new Refusal(403, 'password-wrong', 'The current password is another.')
    await users.changePassword(username, password)
    return reply.code(204).send()
  })
}

async function login({ users, ...bounds }: UsersContext, request: FastifyRequest, reply: FastifyReply) {
  const address = addressOf(request)
  const form = new URLSearchParams(await readSmallBody(request, 'application/x-www-form-urlencoded', bounds))
  const [username, password] = ['username', 'password'].map(field => one(form, field))
  if (username === undefined || password === undefined || !isStorable(username))
    throw new GroundstationError('REQUEST_INVALID', 'The form has the fields username and password, each once.')
  const checked = await users.check({ username, password, address })
  if (checked.outcome === 'limited') throw limited(checked)
  if (checked.outcome === 'wrong') {
    reply.header('www-authenticate', 'Bearer')
    throw new Refusal(401, 'login-failed', 'The name or the password is wrong.')
  }
  return sendValue(reply, { access_token: await users.tokenFor(checked.account), token_type: 'bearer' })
}

/** Whoever has left already has none. */
const addressOf = ({ ip }: { readonly ip?: string }): string => ip ?? 'nowhere'

function one(form: URLSearchParams, field: string): string | undefined {
  const [value, another] = form.getAll(field)
  return another === undefined ? value : undefined
}

const limited = ({ retryAfter }: Extract<Checked, { outcome: 'limited' }>) =>
  new Refusal(429, 'login-limited', 'Too many wrong passwords came for this name, or from this address.', {
    retryAfter,
  })
