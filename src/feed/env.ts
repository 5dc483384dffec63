/** A text of a declaration that is a setting: the environment's, or `otherwise` where it isn't set. */
export type FromEnvironment = { readonly env: string; readonly otherwise: string }

/** `topic: env('ORDERS_TOPIC', 'orders')`: what differs from one place to another isn't the feed's to say. */
export const env = (name: string, otherwise: string): FromEnvironment => ({ env: name, otherwise })

/** Values by name, of those that are set. */
export type Environment = ReadonlyMap<string, string>

export const isFromEnvironment = (value: unknown): value is FromEnvironment =>
  typeof value === 'object' && value !== null && 'env' in value && 'otherwise' in value

export const textOf = (text: string | FromEnvironment, environment: Environment): string =>
  typeof text === 'string' ? text : (environment.get(text.env) ?? text.otherwise)

/** The settings that a part of a declaration names. */
export function namesIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return []
  if (isFromEnvironment(part)) return [part.env]
  return Object.values(part).flatMap(namesIn)
}
