import { GroundstationError } from '../errors.ts'
import { type Environment, type FromEnvironment, isSetting, type MayBeUnset, namesIn, textIn } from './env.ts'
import { type Every, parseEvery } from './every.ts'
import type { Fault } from './fault.ts'
import { type CompiledPages, compilePages, type Pages, pagesFaults } from './poll-pages.ts'

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
  /** Parameters of the URL. */
  readonly query?: Readonly<Record<string, Text | number | boolean>>
  /** What is posted, as JSON; without it, and without `graphql`, the API is asked by GET. */
  readonly body?: unknown
  readonly graphql?: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> }
  readonly pages?: Pages
  /** Other hosts that the API may redirect to. Declared headers are not sent there. */
  readonly hosts?: readonly string[]
  /** What two complete polls in a row don't have is gone: its last version is followed by the same with `"gone": true`. */
  readonly gone?: 'tombstone'
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
  /** Undefined: it is asked by GET. */
  readonly body: Readonly<Record<string, unknown>> | undefined
  readonly isGraphql: boolean
  readonly pages: CompiledPages | undefined
  readonly hosts: readonly string[]
  readonly marksGone: boolean
  readonly settings: PollSettings
}

/** The settings that a poll has its values from, for whoever has to correct one. */
export type PollSettings = {
  readonly url: string | undefined
  readonly every: string | undefined
  /** Those that are sent, each with where: who is let in may depend on them. */
  readonly sent: readonly { readonly place: string; readonly setting: string }[]
}

/** What a declaration of a polled source gets wrong; its form alone. */
export function pollFaults(source: Readonly<Record<string, unknown>>): Fault[] {
  const faults: Fault[] = []
  const fault = (name: string, message: string) => void faults.push({ place: `source.${name}`, message })
  const isText = (value: unknown) => typeof value === 'string' || isSetting(value)
  const { url, path, every, items, headers, query, body, graphql, pages, hosts, gone } = source
  if (!isText(url)) fault('url', "a polled source has a url: env('SHOP_URL'), or the text itself")
  if (path !== undefined && !(typeof path === 'string' && path.startsWith('/'))) fault('path', 'a path starts with /')
  const rhythm = isSetting(every) ? (every.otherwise ?? '1s') : every
  if (typeof rhythm !== 'string' || parseEvery(rhythm) === undefined) fault('every', `expected ${EVERY}`)
  if (items !== undefined && !(typeof items === 'string' && items.split('.').every(name => name !== '')))
    fault('items', "expected the names on the way to the items, such as 'data.docs'")
  for (const [name, value] of Object.entries(isFields(headers) ? headers : {}))
    if (!isText(value) || !/^[A-Za-z0-9-]+$/.test(name)) fault(`headers.${name}`, 'a header is a name and a text')
  for (const [name, value] of Object.entries(isFields(query) ? query : {}))
    if (!isText(value) && typeof value !== 'number' && typeof value !== 'boolean')
      fault(`query.${name}`, 'a parameter is a text, a number, true or false')
  if (body !== undefined && !isFields(body)) fault('body', 'expected an object')
  if (graphql !== undefined && !(isFields(graphql) && typeof graphql.query === 'string'))
    fault('graphql.query', 'expected the text of a query')
  if (graphql !== undefined && body !== undefined) fault('body', 'a GraphQL query is the body')
  if (graphql !== undefined && items === undefined)
    fault('items', "expected where the items are, such as 'data.things'")
  if (hosts !== undefined && !(Array.isArray(hosts) && hosts.every(host => typeof host === 'string')))
    fault('hosts', 'expected a list of host names')
  if (gone !== undefined && gone !== 'tombstone') fault('gone', "expected 'tombstone'")
  faults.push(...pagesFaults(pages))
  return faults
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const EVERY = "a number and a unit, such as '300s', or a cron line, such as '*/5 * * * *'"

/** The source with its settings; or the name of one that isn't set, without which the feed is off. Raises SETTING_INVALID. */
export function compilePoll(
  source: PollSource,
  environment: Environment,
): { readonly poll: CompiledPoll } | { readonly unset: string } {
  const unset = unsetIn(source, environment)
  if (unset !== undefined) return { unset }
  const read = (text: Text): string => textIn(text, environment) ?? ''
  const url = urlOf(source, read(source.url))
  for (const [name, value] of Object.entries(source.query ?? {}))
    url.searchParams.set(name, typeof value === 'object' ? read(value) : String(value))
  const every = parseEvery(read(source.every))
  if (every === undefined) throw invalid(source.every, `'${read(source.every)}'`, EVERY)
  const headers = Object.entries(source.headers ?? {}).map(([name, text]) => [name.toLowerCase(), read(text)] as const)
  const poll = {
    url,
    shown: shownOf(url, source.path?.split('?')[0] ?? ''),
    every,
    items: source.items?.split('.') ?? [],
    headers: { ...authorizationOf(url), ...Object.fromEntries(headers) },
    body: filled(bodyOf(source), read) as CompiledPoll['body'],
    isGraphql: source.graphql !== undefined,
    pages: compilePages(pagesIn(source), source.body === undefined && source.graphql === undefined),
    hosts: source.hosts ?? [],
    marksGone: source.gone === 'tombstone',
    settings: settingsIn(source, url),
  }
  // They are in the header now, and in no message.
  url.username = ''
  url.password = ''
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

function settingsIn({ url, every, headers, query, body }: PollSource, { username }: URL): PollSettings {
  const nameOf = (text: Text) => (isSetting(text) ? text.env : undefined)
  const within = (what: string, fields: Readonly<Record<string, unknown>> = {}) =>
    Object.entries(fields).flatMap(([name, value]) =>
      isSetting(value) ? [{ place: `the ${what} ${name}`, setting: value.env }] : [],
    )
  const named = nameOf(url)
  return {
    url: named,
    every: nameOf(every),
    sent: [
      ...(named === undefined || username === '' ? [] : [{ place: 'the header authorization', setting: named }]),
      ...within('header', headers),
      ...within('parameter', query),
      ...namesIn(body).map(setting => ({ place: 'the body', setting })),
    ],
  }
}

/** A GraphQL query's parameters are its variables. */
function pagesIn({ pages, graphql }: PollSource): Pages | undefined {
  if (pages === undefined || graphql === undefined) return pages
  const inner = (name: string, value: unknown) =>
    ['page', 'offset', 'cursor', 'limit'].includes(name) ? `variables.${value}` : value
  return Object.fromEntries(Object.entries(pages).map(([name, value]) => [name, inner(name, value)])) as Pages
}

const bodyOf = ({ body, graphql }: PollSource): unknown =>
  graphql === undefined ? body : { query: graphql.query, variables: graphql.variables ?? {} }

/** A copy with its settings' values in it. */
function filled(value: unknown, read: (text: Text) => string): unknown {
  if (isSetting(value)) return read(value)
  if (Array.isArray(value)) return value.map(inner => filled(inner, read))
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, read)]))
}

function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  const given = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return { authorization: `Basic ${given.toString('base64')}` }
}

function urlOf({ url: declared, path = '' }: PollSource, base: string): URL {
  const url = /^https?:\/\//i.test(base) ? URL.parse(base.replace(/\/+$/, '') + path) : null
  if (url === null) throw invalid(declared, '(not shown)', 'a URL that begins with https:// or http://')
  return url
}

/** What precedes the path in a setting may be somebody's token; words that say what speaks there are none. */
function shownOf({ origin, pathname }: URL, path: string): string {
  const before = pathname.slice(0, pathname.length - path.length)
  return `${origin}${/^(\/(api|graphql|rest|v\d{1,2}))+$/.test(before) ? before : ''}${path}`
}

function invalid(declared: Text, shown: string, expected: string): GroundstationError {
  const name = isSetting(declared) ? declared.env : 'the declaration'
  return new GroundstationError('SETTING_INVALID', `${name} is ${shown}: expected ${expected}.`, { at: name })
}
