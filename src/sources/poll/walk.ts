import { hash } from 'node:crypto'
import { wrongAnswer } from './failure.ts'
import { type Fetched, type Fetching, fetchPage } from './fetch.ts'
import { foreseen, type Place, placeAfter } from './pages.ts'

export type Page = Fetched & {
  readonly place: Place
  /** Where the poll goes on; null behind the last page. */
  readonly after: Place | null
}

/** The pages from a place on, in their order. The next ones are on their way while one is applied. Raises PageFailure. */
export async function* pagesFrom(fetching: Fetching, start: Place): AsyncGenerator<Page, void, undefined> {
  const { pages } = fetching.poll
  const ahead = new Ahead(fetching)
  const repeats = new Repeats(start)
  try {
    for (let place: Place | null = start; place !== null; ) {
      const fetched = await ahead.take(place)
      const after: Place | null = placeAfter(pages, place, fetched) ?? null
      if (after !== null) {
        repeats.refuse(after, fetched)
        ahead.ask(after)
      }
      yield { ...fetched, place, after }
      place = after
    }
  } finally {
    ahead.leave()
  }
}

type Asked = { readonly place: Place; readonly fetched: Promise<Fetched>; readonly leave: () => void }

/** Pages that are on their way: the next, and those behind it whose places are known before. */
class Ahead {
  readonly #fetching: Fetching
  #asked: Asked[] = []

  constructor(fetching: Fetching) {
    this.#fetching = fetching
  }

  /** Has the page at this place on its way, and as many behind it as may be. */
  ask(place: Place): void {
    // The places were others than they were taken for: a page had fewer items than it was asked for.
    if (this.#asked[0]?.place.at !== place.at) this.leave()
    const { pages } = this.#fetching.poll
    const last = this.#asked.at(-1)?.place
    let next: Place | undefined = last === undefined ? place : foreseen(pages, last)
    while (next !== undefined && this.#asked.length < (pages?.atOnce ?? 1)) {
      this.#asked.push(this.#start(next))
      next = foreseen(pages, next)
    }
  }

  take(place: Place): Promise<Fetched> {
    this.ask(place)
    const asked = this.#asked.shift()
    return asked === undefined ? fetchPage(this.#fetching, place) : asked.fetched
  }

  leave(): void {
    for (const { leave } of this.#asked.splice(0)) leave()
  }

  #start(place: Place): Asked {
    const leaving = new AbortController()
    const signal = AbortSignal.any([this.#fetching.signal, leaving.signal])
    const fetched = fetchPage({ ...this.#fetching, signal }, place)
    // Told to whoever waits for it, in its turn.
    fetched.catch(() => undefined)
    return { place, fetched, leave: () => leaving.abort() }
  }
}

/** An API that goes round in circles, or doesn't look at which page it is asked for. */
class Repeats {
  readonly #places: Set<Place['at']>
  /** What each page had, in outline. */
  readonly #items = new Set<string>()

  constructor(start: Place) {
    this.#places = new Set([start.at])
  }

  refuse({ at }: Place, { body, cut }: Fetched): void {
    if (this.#places.has(at)) throw wrongAnswer('names as the next page one that it has named before', body)
    this.#places.add(at)
    const items = outlineOf(cut)
    if (cut.length > 0 && this.#items.has(items)) throw wrongAnswer('has the same items on two of its pages', body)
    this.#items.add(items)
  }
}

/** How many they are, how long together, the first and the last: pages that have all that in common have the rest as well. */
function outlineOf(items: readonly Buffer[]): string {
  const bytes = items.reduce((sum, { length }) => sum + length, 0)
  const ends = [items[0], items.at(-1)].map(item => (item === undefined ? '' : hash('sha256', item, 'base64')))
  return [items.length, bytes, ...ends].join(' ')
}
