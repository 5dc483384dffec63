import type { FastifySchema } from 'fastify'
import { USUAL_ACCESS } from '../../feed/access.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { RouteAccess } from '../../sources/http/route-access.ts'
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

/** What a route asks for, as far as it is known before it is known where the server is bound. */
type Asked = {
  readonly roles: readonly string[]
  readonly schemes: readonly (keyof typeof SECURITY_SCHEMES)[]
  /** Asked nowhere but on addresses that others reach. */
  readonly isElsewhere: boolean
}

function askedBy(access: RouteAccess | undefined, feeds: ReadonlyMap<string, CompiledFeed>): Asked | undefined {
  const schemes = ['login', 'token'] as const
  if (access === undefined || access === 'open') return undefined
  if (access === 'user') return { roles: [], schemes: ['login'], isElsewhere: false }
  if ('role' in access) return { roles: [access.role], schemes, isElsewhere: false }
  const { action } = access
  const stated = access.feeds.map(name => {
    const feed = feeds.get(name)
    return feed?.access?.[action] ?? (action === 'post' && feed?.source.signature !== undefined ? 'open' : undefined)
  })
  const roles = new Set(stated.filter(role => role !== undefined && role !== 'open'))
  if (roles.size > 0) return { roles: [...roles], schemes, isElsewhere: false }
  return stated.includes(undefined) ? { roles: [USUAL_ACCESS[action]], schemes, isElsewhere: true } : undefined
}

/** A route's schema with what it asks for: for programs, and in words. */
export function withSecurity(
  schema: FastifySchema,
  access: RouteAccess | undefined,
  feeds: ReadonlyMap<string, CompiledFeed>,
): FastifySchema {
  const asked = askedBy(access, feeds)
  if (asked === undefined) return { ...schema, security: [] }
  const { roles, schemes, isElsewhere } = asked
  const words = `Asks for ${roles.length === 0 ? 'a user' : `the role ${roles.join(' and ')}`}${isElsewhere ? ' where others than this machine reach the server, or the feed asks for it' : ''}.`
  return {
    ...schema,
    description: schema.description === undefined ? words : `${schema.description} ${words}`,
    security: [...(isElsewhere ? [{}] : []), ...schemes.map(scheme => ({ [scheme]: roles }))],
    response: { ...problemContents(401, 403), ...(schema.response as object | undefined) },
  }
}
