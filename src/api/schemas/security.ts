import type { FastifySchema } from 'fastify'
import { type Action, USUAL_ACCESS } from '../../feed/access.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { NAMED, type RouteAccess } from '../../sources/http/route-access.ts'
import { problemContents } from './content.ts'

/** The two ways to show who one is. Swagger UI asks for name and password by the first. */
export const SECURITY_SCHEMES = {
  login: {
    type: 'oauth2',
    description: "A user's name and password; the token holds for 30 minutes.",
    flows: {
      password: {
        tokenUrl: '/login',
        scopes: {
          reader: 'reads',
          writer: 'posts',
          operator: 'reads, posts, sees to dead letters',
          administrator: 'may do everything',
        },
      },
    },
  },
  token: { type: 'http', scheme: 'bearer', description: "A machine's token, of `groundstation tokens add`." },
} as const

/** Whether a route asks: in any case; of some of the feeds that its path may name; or on addresses that others reach. */
type When = 'always' | 'named' | 'elsewhere'

type Asked = {
  readonly roles: readonly string[]
  readonly schemes: readonly (keyof typeof SECURITY_SCHEMES)[]
  readonly when: When
}

/** Whether feeds that don't state their access ask here; undefined before it is known where the server is bound. */
export type AsksHere = boolean | undefined

function askedBy(
  access: RouteAccess | undefined,
  feeds: ReadonlyMap<string, CompiledFeed>,
  asksHere: AsksHere,
): Asked | undefined {
  const schemes = ['login', 'token'] as const
  if (access === undefined || access === 'open') return undefined
  if (access === 'user') return { roles: [], schemes: ['login'], when: 'always' }
  if ('role' in access) return { roles: [access.role], schemes, when: 'always' }
  const { action } = access
  const stated = access.feeds.map(name => {
    const feed = feeds.get(name)
    return feed?.access?.[action] ?? (action === 'post' && feed?.source.signature !== undefined ? 'open' : undefined)
  })
  const usual = USUAL_ACCESS[action]
  const roles = new Set(stated.map(role => (asksHere === true ? (role ?? usual) : role)))
  const asked = [...roles].filter(role => role !== undefined && role !== 'open')
  if (asked.length > 0) return { roles: asked, schemes, when: 'always' }
  if (!stated.includes(undefined)) return undefined
  const isAskedOfSome = access.feeds.includes(NAMED) && [...feeds.values()].some(feed => asks(feed, action))
  return { roles: [usual], schemes, when: isAskedOfSome ? 'named' : 'elsewhere' }
}

const asks = ({ access }: CompiledFeed, action: Action) => access !== undefined && access[action] !== 'open'

const WHEN: Readonly<Record<When, string>> = {
  always: '',
  named: ' where others than this machine reach the server, or the feed asks for it',
  elsewhere: ' where others than this machine reach the server',
}

/** A route's schema with what it asks for: for programs, and in words. */
export function withSecurity(
  schema: FastifySchema,
  access: RouteAccess | undefined,
  feeds: ReadonlyMap<string, CompiledFeed>,
  asksHere: AsksHere,
): FastifySchema {
  const asked = askedBy(access, feeds, asksHere)
  if (asked === undefined) return { ...schema, security: [] }
  const { roles, when } = asked
  const words = `Asks for ${roles.length === 0 ? 'a user' : `the role ${roles.join(' and ')}`}${WHEN[when]}.`
  return {
    ...schema,
    description: schema.description === undefined ? words : `${schema.description} ${words}`,
    security: securityOf(asked, asksHere),
    response: { ...problemContents(401, 403), ...(schema.response as object | undefined) },
  }
}

/** Swagger UI takes "or nothing at all", `{}`, for having shown a token: it is said only where nothing else is true. */
function securityOf(
  { roles, schemes, when }: Asked,
  asksHere: AsksHere,
): Readonly<Record<string, readonly string[]>>[] {
  if (when === 'elsewhere' && asksHere === false) return []
  const shown = schemes.map(scheme => ({ [scheme]: roles }))
  return when === 'elsewhere' ? [{}, ...shown] : shown
}
