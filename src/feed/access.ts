import type { Fault } from './fault.ts'

/** What somebody may do: a reader reads, a writer posts, an operator does both and sees to dead letters, an administrator everything. */
export const ROLES = ['reader', 'writer', 'operator', 'administrator'] as const
export type Role = (typeof ROLES)[number]

/** Who asks: a user with a password, or a machine with a token. */
export type Identity = {
  readonly kind: 'user' | 'machine'
  readonly id: string
  readonly name: string
  readonly role: Role
}

/** What is done with a feed: reading it, posting to it, seeing to its dead letters. */
export type Action = 'read' | 'post' | 'operate'

/** Who may read a feed and post to it. `default` holds for what isn't said; `'open'` asks nobody. */
export type Access = {
  readonly read?: Role | 'open'
  readonly post?: Role | 'open'
  readonly default?: Role | 'open'
}

export type CompiledAccess = Readonly<Record<Action, Role | 'open'>>

/** What a feed asks for that states nothing, where it asks at all. */
export const USUAL_ACCESS = { read: 'reader', post: 'writer', operate: 'operator' } as const satisfies CompiledAccess

/** Whom a feed asks for. `asks`: whether one that doesn't state its access asks where it is served. */
export function neededOf(
  action: Action,
  feed: { readonly access: CompiledAccess | undefined; readonly source: { readonly signature?: unknown } } | undefined,
  asks: boolean,
): Role | 'open' {
  if (feed?.access !== undefined) return feed.access[action]
  // Its signature says whose post it is.
  if (action === 'post' && feed?.source.signature !== undefined) return 'open'
  return asks ? USUAL_ACCESS[action] : 'open'
}

const COVERED: Readonly<Record<Role, readonly Role[]>> = {
  reader: ['reader'],
  writer: ['writer'],
  operator: ['reader', 'writer', 'operator'],
  administrator: ROLES,
}

/** Whether a role does what another is asked for. A writer doesn't read: what posts needn't see what others posted. */
export const covers = (role: Role, needed: Role): boolean => COVERED[role].includes(needed)

export const isRole = (value: unknown): value is Role => ROLES.some(role => role === value)

/**
 * A default never makes a reader a writer, nor hands dead letters to less than an operator. Where posts are signed, the
 * signature stands for the token, unless `post` says otherwise.
 */
export function compileAccess(declared: unknown, isSigned: boolean, faults: Fault[]): CompiledAccess | undefined {
  if (declared === undefined) return undefined
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) {
    faults.push({ place: 'access', message: "expected an object, such as { default: 'reader' }" })
    return undefined
  }
  for (const [name, value] of Object.entries(declared))
    if (!['read', 'post', 'default'].includes(name))
      faults.push({ place: `access.${name}`, message: 'there are read, post and default' })
    else if (value !== undefined && value !== 'open' && !isRole(value))
      faults.push({ place: `access.${name}`, message: `expected one of ${ROLES.join(', ')}, or open` })
  const { read, post, default: otherwise } = declared as Access
  return {
    read: read ?? otherwise ?? USUAL_ACCESS.read,
    post:
      post ?? (isSigned ? 'open' : undefined) ?? (otherwise === 'reader' ? undefined : otherwise) ?? USUAL_ACCESS.post,
    operate: otherwise === 'administrator' ? otherwise : USUAL_ACCESS.operate,
  }
}
