/** A text of a declaration that is a setting: the environment's, or `otherwise` where it isn't set. */
export type FromEnvironment = { readonly env: string; readonly otherwise: string }

/** A setting without which something is off. */
export type MayBeUnset = { readonly env: string; readonly otherwise: undefined }

/**
 * `topic: env('ORDERS_TOPIC', 'orders')`: what differs from one place to another isn't the feed's to say. With a name
 * alone there is no default: what needs the setting is off without it.
 */
export function env(name: string): MayBeUnset
export function env(name: string, otherwise: string): FromEnvironment
export function env(name: string, otherwise?: string): MayBeUnset | FromEnvironment {
  return otherwise === undefined ? { env: name, otherwise } : { env: name, otherwise }
}

/** Values by name, of those that are set. */
export type Environment = ReadonlyMap<string, string>

export const isSetting = (value: unknown): value is FromEnvironment | MayBeUnset =>
  typeof value === 'object' && value !== null && 'env' in value && 'otherwise' in value

export const isFromEnvironment = (value: unknown): value is FromEnvironment =>
  isSetting(value) && value.otherwise !== undefined

export const textOf = (text: string | FromEnvironment, environment: Environment): string =>
  typeof text === 'string' ? text : (environment.get(text.env) ?? text.otherwise)

/** Undefined where the setting has neither a value nor a default. */
export const textIn = (text: string | FromEnvironment | MayBeUnset, environment: Environment): string | undefined =>
  typeof text === 'string' ? text : (environment.get(text.env) ?? text.otherwise)

/** The settings that a part of a declaration names. */
export function namesIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return []
  if (isSetting(part)) return [part.env]
  return Object.values(part).flatMap(namesIn)
}
