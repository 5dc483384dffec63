import type { Action, Identity, Role } from '../../feed/access.ts'

/** Instead of a feed's name: the one that the path names, or all of them together. */
export const NAMED = ':feed'
export const EVERY = '*'

/**
 * Whom a route answers. `open`: everyone, wherever the server is bound; `user`: whoever logged in; a role; or whoever may
 * do something with feeds, as they and the server's address have it. Every route states one.
 */
export type RouteAccess =
  | 'open'
  | 'user'
  | { readonly role: Role }
  | { readonly action: Action; readonly feeds: readonly string[] }

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: RouteAccess
  }
  interface FastifyRequest {
    /** Undefined where nobody had to say who they are, and didn't. */
    identity: Identity | undefined
    /** Whether whoever asked would be let in again; undefined where nobody had to say. */
    isWelcome: (() => Promise<boolean>) | undefined
  }
}

/** A route's `config`: who may do this with a feed, or with all of several. */
export const accessTo = (action: Action, ...feeds: readonly string[]): { readonly access: RouteAccess } => ({
  access: { action, feeds },
})
