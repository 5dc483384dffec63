import type { FastifyInstance, FastifyRequest } from 'fastify'
import { covers, type Identity, neededOf, type Role } from '../feed/access.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { Refusal } from '../sources/http/problem.ts'
import { EVERY, NAMED, type RouteAccess } from '../sources/http/route-access.ts'

/** Who a token is; undefined for one that isn't good, or no more. */
export type Identify = (token: string) => Promise<Identity | undefined>

export type Door = {
  readonly feeds: ReadonlyMap<string, CompiledFeed>
  readonly identify: Identify
  /** Whether feeds that don't state their access ask all the same. */
  readonly asks: () => boolean
}

/** Roles, all of which must be covered: none, and nobody is asked. */
export type Needed = readonly Role[] | 'user'

/** What a route, such as `GET /feeds/:feed/gaps`, asks of whoever wants something of a feed, at this address; undefined for no such route. */
export type NeededAt = (route: string, feed: string) => Needed | undefined

/** Asks who it is before anything of a body is read. A route that states no access stops the start. */
export function addAccess(server: FastifyInstance, door: Door): NeededAt {
  const unstated: (() => string | undefined)[] = []
  const stated = new Map<string, () => RouteAccess | undefined>()
  server.decorateRequest('identity', undefined)
  server.decorateRequest('isWelcome', undefined)
  server.addHook('onRoute', route => {
    for (const method of [route.method].flat()) stated.set(`${method} ${route.url}`, () => route.config?.access)
    unstated.push(() => (route.config?.access === undefined ? `${route.method} ${route.url}` : undefined))
  })
  server.addHook('onReady', async () => {
    const places = unstated.map(place => place()).filter(place => place !== undefined)
    if (places.length > 0)
      throw new TypeError(`${places.join(', ')}: a route states its access: config: accessTo('read', feed.name)`)
  })
  server.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config
    // Nothing is there: whoever asks is told so.
    if (request.is404 || access === 'open') return done()
    const needed = neededFor(access, request.params, door)
    const token = tokenOf(request)
    if (needed.length === 0 && token === undefined) return done()
    identified(door, token, needed).then(identity => {
      if (identity instanceof Refusal) reply.header('www-authenticate', challengeOf(identity, token))
      else {
        request.identity = identity
        request.isWelcome = () =>
          identified(door, token, needed).then(
            found => !(found instanceof Refusal),
            // Nobody can say at the moment: nothing is taken back for that.
            () => true,
          )
      }
      done(identity instanceof Refusal ? identity : undefined)
    }, done)
  })
  return (route, feed) => {
    const access = stated.get(route)
    if (access === undefined) return undefined
    const said = access()
    return said === 'open' ? [] : neededFor(said, { feed }, door)
  }
}

/** A route whose access nobody stated, which doesn't come up, is the administrator's. */
function neededFor(access: Exclude<RouteAccess, 'open'> | undefined, params: unknown, door: Door): Needed {
  if (access === undefined) return ['administrator']
  if (access === 'user') return access
  if ('role' in access) return [access.role]
  const { feeds, asks } = door
  const roles = access.feeds
    .map(name => (name === NAMED ? (params as { feed: string }).feed : name))
    .map(name => neededOf(access.action, name === EVERY ? undefined : feeds.get(name), asks()))
    .filter(role => role !== 'open')
  return [...new Set(roles)]
}

/** The token of the request; undefined where there is none. Other schemes are none of ours. */
function tokenOf({ headers }: FastifyRequest): string | undefined {
  const found = /^bearer(?: +(.*))?$/i.exec(headers.authorization ?? '')
  return found === null ? undefined : (found[1] ?? '')
}

async function identified({ identify }: Door, token: string | undefined, needed: Needed): Promise<Identity | Refusal> {
  if (token === undefined) return refusal(401, 'unauthenticated', wayIn(needed))
  const identity = token.length > TOKEN_LENGTH_MAX ? undefined : await identify(token)
  if (identity === undefined)
    return refusal(401, 'token-invalid', 'The token is not one of ours, has expired, or was ended.')
  if (needed === 'user') {
    if (identity.kind === 'user') return identity
    return refusal(403, 'forbidden', "This is for users with a password; the token is a machine's.")
  }
  const lacking = needed.find(role => !covers(identity.role, role))
  if (lacking === undefined) return identity
  return refusal(403, 'forbidden', `This asks for the role ${lacking}; the token has the role ${identity.role}.`)
}

/** More than any token of ours has. */
const TOKEN_LENGTH_MAX = 4096

const refusal = (status: number, code: string, detail: string) => new Refusal(status, code, detail)

/** What is asked for, and how to get it. */
function wayIn(needed: Needed): string {
  const shown = 'It is shown as Authorization: Bearer <token>.'
  if (needed === 'user') return `This asks for a user's token. POST /login gives it for a name and a password. ${shown}`
  const [role] = needed
  const made = needed.length === 1 ? `: groundstation tokens add <name> --role ${role}` : ' (groundstation tokens add)'
  return `This asks for a token with the role ${needed.join(' and ')}. POST /login gives one for a user's name and password; whoever runs the server makes one${made}. ${shown}`
}

/** As RFC 6750 has it. */
function challengeOf({ problem: { status } }: Refusal, token: string | undefined): string {
  if (status === 403) return 'Bearer error="insufficient_scope"'
  return token === undefined ? 'Bearer' : 'Bearer error="invalid_token"'
}
