import type { FeedDeclaration } from './declare.ts'
import type { Fault } from './fault.ts'

const PATH = /^\/[A-Za-z0-9/_-]*[A-Za-z0-9_-]$/
const OURS = /^\/(feeds|health|metrics|openapi\.json|docs|login|users)(\/|$)/

type Served = { readonly path: string | undefined }
type Readings = {
  readonly state: Served | undefined
  readonly tables: readonly Served[]
  readonly views: readonly Served[]
}

/** Paths at which a feed is read. */
export const servedPaths = ({ state, tables, views }: Readings): string[] =>
  [state, ...tables, ...views].flatMap(one => one?.path ?? [])

/** What is wrong with a declaration's paths. Posts may go to one at which something is read; alerts share streams. */
export function pathFaults({ source, state, tables, views, alerts }: FeedDeclaration): Fault[] {
  const read = [
    ['state.path', state?.path] as const,
    ...Object.entries(tables ?? {}).map(([name, { path }]) => [`tables.${name}.path`, path] as const),
    ...Object.entries(views ?? {}).map(([name, { path }]) => [`views.${name}.path`, path] as const),
  ]
  const streams = Object.entries(alerts ?? {}).map(([rule, { stream }]) => [`alerts.${rule}.stream`, stream] as const)
  const taken = new Map<string, string>()
  const clash = (place: string, path: string): string | undefined => {
    const first = taken.get(path)
    if (first !== undefined) return `${path} is ${first} already`
    taken.set(path, place)
    const above = path.slice(0, path.lastIndexOf('/'))
    return above !== '' && above === state?.path ? `${above} has its states there, each at its key` : undefined
  }
  const tell = (place: string, path: string | undefined, ...checks: ((path: string) => Reason)[]) => {
    if (path === undefined) return []
    const message = checks.map(check => check(path)).find(one => one !== undefined)
    return message === undefined ? [] : [{ place, message }]
  }
  return [
    // A polled source's path is that of the API.
    ...tell('source.path', source?.kind === 'poll' ? undefined : source?.path, form, ours),
    ...read.flatMap(([place, path]) => tell(place, path, form, ours, one => clash(place, one))),
    ...streams.flatMap(([place, path]) => tell(place, path, ours)),
  ]
}

type Reason = string | undefined

const form = (path: string): Reason => (PATH.test(path) ? undefined : "a path starts with / and doesn't end with one")
const ours = (path: string): Reason => (OURS.test(path) ? `${path} is one of Groundstation's own paths` : undefined)

/** Where a feed's alerts are streamed; feeds may share a stream. */
export const streamPaths = (feed: { alerts: readonly { readonly stream: string }[] }): string[] => [
  ...new Set(feed.alerts.map(({ stream }) => stream)),
]
