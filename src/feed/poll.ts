import { GroundstationError } from '../errors.ts'
import { type Environment, type FromEnvironment, isSetting, type MayBeUnset, textIn } from './env.ts'
import { type Every, parseEvery } from './every.ts'
import type { Fault } from './fault.ts'

type Text = string | FromEnvironment | MayBeUnset

/** An API that is asked again and again. */
export type PollSource = {
  readonly kind: 'poll'
  /** Where the API is; `path` follows it. */
  readonly url: Text
  readonly path?: string
  /** `'300s'`, counted from start to start, or a cron line, in UTC. */
  readonly every: Text
  /** Where in the answer the items are, such as `'data.docs'`; the whole answer without it. */
  readonly items?: string
  readonly headers?: Readonly<Record<string, Text>>
}

/** Items are fetched from an API, every so often. */
export const poll = (options: Omit<PollSource, 'kind'>): PollSource => ({ kind: 'poll', ...options })

/** A polled source whose settings are read. */
export type CompiledPoll = {
  readonly url: URL
  /** The same for people: no part of it comes from a secret. */
  readonly shown: string
  readonly every: Every
  /** The names on the way to the items. */
  readonly items: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

/** What a declaration of a polled source gets wrong; its form alone. */
export function pollFaults(source: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = []
  const fault = (name: string, message: string) => void faults.push({ place: `source.${name}`, message })
  const isText = (value: unknown) => typeof value === 'string' || isSetting(value)
  const { url, path, every, items, headers } = source
  if (!isText(url)) fault('url', "a polled source has a url: env('SHOP_URL'), or the text itself")
  if (path !== undefined && !(typeof path === 'string' && path.startsWith('/'))) fault('path', 'a path starts with /')
  const rhythm = isSetting(every) ? (every.otherwise ?? '1s') : every
  if (typeof rhythm !== 'string' || parseEvery(rhythm) === undefined) fault('every', `expected ${EVERY}`)
  if (items !== undefined && !(typeof items === 'string' && items.split('.').every(name => name !== '')))
    fault('items', "expected the names on the way to the items, such as 'data.docs'")
  for (const [name, value] of Object.entries(typeof headers === 'object' && headers !== null ? headers : {}))
    if (!isText(value) || !/^[A-Za-z0-9-]+$/.test(name)) fault(`headers.${name}`, 'a header is a name and a text')
  return faults
}

const EVERY = "a number and a unit, such as '300s', or a cron line, such as '*/5 * * * *'"

/** The source with its settings; or the name of one that isn't set, without which the feed is off. Raises SETTING_INVALID. */
export function compilePoll(
  source: PollSource,
  environment: Environment,
): { readonly poll: CompiledPoll } | { readonly unset: string } {
  const unset = unsetIn([source.url, source.every, source.headers ?? {}], environment)
  if (unset !== undefined) return { unset }
  const read = (text: Text): string => textIn(text, environment) ?? ''
  const url = urlOf(source, read(source.url))
  const every = parseEvery(read(source.every))
  if (every === undefined) throw invalid(source.every, `'${read(source.every)}'`, EVERY)
  const headers = Object.entries(source.headers ?? {}).map(([name, text]) => [name.toLowerCase(), read(text)] as const)
  const poll = {
    url,
    // What precedes the path in a setting may be somebody's token.
    shown: `${url.origin}${source.path?.split('?')[0] ?? ''}`,
    every,
    items: source.items?.split('.') ?? [],
    headers: Object.fromEntries(headers),
  }
  return { poll }
}

/** A setting that a part names and that has neither a value nor a default. */
function unsetIn(part: unknown, environment: Environment): string | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  if (isSetting(part)) return textIn(part, environment) === undefined ? part.env : undefined
  for (const inner of Object.values(part)) {
    const unset = unsetIn(inner, environment)
    if (unset !== undefined) return unset
  }
  return undefined
}

function urlOf({ url: declared, path = '' }: PollSource, base: string): URL {
  const url = /^https?:\/\//i.test(base) ? URL.parse(base.replace(/\/+$/, '') + path) : null
  if (url === null) throw invalid(declared, '(not shown)', 'a URL that begins with https:// or http://')
  return url
}

function invalid(declared: Text, shown: string, expected: string): GroundstationError {
  const name = isSetting(declared) ? declared.env : 'the declaration'
  return new GroundstationError('SETTING_INVALID', `${name} is ${shown}: expected ${expected}.`, { at: name })
}
