import type { Json } from '../data/document.ts'
import type { Known } from '../story/story.ts'
import { pageOf } from './page.ts'

/** What a request is answered with, before anything goes wrong on purpose. */
export type Answer = {
  readonly status?: number
  readonly document: unknown
  /** When that last changed, where a client may ask for what changed since. */
  readonly changedMs?: number
}

export type Asked = {
  readonly known: Known
  readonly id: string
  readonly body: unknown
  readonly trouble: { readonly isEndless: boolean; readonly isSame: boolean }
}

export type Route = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly answer: (asked: Asked) => Answer
}

const NAMES = ['launches', 'rockets', 'payloads', 'launchpads'] as const

/** The part of version 4 of the REST API that is simulated. */
export const REST_ROUTES: readonly Route[] = [
  launchRoute('latest', launches => last(launches.filter(({ upcoming }) => upcoming === false))),
  launchRoute('next', launches => launches.find(({ upcoming }) => upcoming === true)),
  launchRoute('past', launches => launches.filter(({ upcoming }) => upcoming === false)),
  launchRoute('upcoming', launches => launches.filter(({ upcoming }) => upcoming === true)),
  ...NAMES.flatMap(collectionRoutes),
]

/** Launches by their flight numbers, as the real API picks them. */
function launchRoute(name: string, pick: (launches: readonly Json[]) => unknown): Route {
  return {
    method: 'GET',
    path: `/v4/launches/${name}`,
    answer: ({ known }) => {
      const document = pick(known.launches.toSorted((a, b) => a.flight_number - b.flight_number))
      return document === undefined ? NOT_FOUND : { document, changedMs: known.changedMs }
    },
  }
}

function collectionRoutes(name: (typeof NAMES)[number]): Route[] {
  const path = `/v4/${name}`
  return [
    {
      method: 'GET',
      path,
      answer: ({ known }) => ({ document: known[name], changedMs: changedMsOf(known, name) }),
    },
    {
      method: 'GET',
      path: `${path}/:id`,
      answer: ({ known, id }) => {
        const document = (known[name] as readonly Json[]).find(one => one.id === id)
        return document === undefined ? NOT_FOUND : { document, changedMs: known.changedMsOf(id) }
      },
    },
    {
      method: 'POST',
      path: `${path}/query`,
      answer: ({ known, body, trouble }) => ({ document: pageOf(known[name], body, trouble) }),
    },
  ]
}

export const NOT_FOUND: Answer = { status: 404, document: 'Not Found' }

const changedMsOf = (known: Known, name: (typeof NAMES)[number]) =>
  name === 'launches' ? known.changedMs : known.changedMsOf('')

const last = <Item>(items: readonly Item[]): Item | undefined => items.at(-1)
