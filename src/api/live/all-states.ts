/**
 * All states of a feed, and each change. A client's place is a position for each lane, and while the states are listed, by
 * the keys' numbers, how far the list went:
 *
 *     of every key up to `listed`     the client has the state as it was at the lanes' positions
 *     of every other                  nothing yet
 *
 * A page of the list belongs to one moment. What changed up to there of the keys that were listed before is told first, so
 * that then both are of that moment. So nothing is missed or told twice, no transaction is longer than a page, and whoever
 * breaks off in the middle goes on there.
 */
import { listStandings, type StandingsPage } from '../../store/read/standings.ts'
import type { StateSource } from './key-states.ts'
import { bodyOf } from './lane-tail.ts'
import type { Chunk, LiveLog, Start } from './log.ts'
import { idOf, numbersOf } from './place-id.ts'
import { StateMessages } from './state-messages.ts'

export type AllPlace = {
  readonly positions: readonly number[]
  /** The key up to which states were listed; -1 for none, undefined for all. */
  readonly listed: number | undefined
  /** The page that comes next, once all before it is told. */
  readonly page?: StandingsPage
}

const FOLLOWING = 0
const LISTING = 1
const CHUNKS_MAX = 16

type Answer = Chunk<AllPlace> | 'lost' | undefined

export class AllStates implements LiveLog<AllPlace> {
  readonly #source: StateSource
  #head: readonly number[] = []
  /** What was made since the log changed last, by where it begins: those who follow are at the same place. */
  readonly #chunks = new Map<AllPlace, Promise<Answer>>()
  #madeFor: Promise<void> | undefined
  readonly #pages = new Map<number, Promise<StandingsPage>>()

  constructor(source: StateSource) {
    this.#source = source
  }

  idOf({ positions, listed }: AllPlace): string {
    const [feed = 0, generation = 0] = this.#head
    return listed === undefined
      ? idOf([FOLLOWING, feed, generation, ...positions])
      : idOf([LISTING, feed, generation, listed + 1, ...positions])
  }

  changed(): Promise<void> {
    return this.#source.log.changed()
  }

  join(): () => void {
    return this.#source.log.join()
  }

  async start(lastEventId: string | undefined): Promise<Start<AllPlace>> {
    const { feed, generation, positions } = await this.#source.log.place()
    this.#head = [feed, generation]
    const beginning = { place: { positions: positions.map(() => 0), listed: -1 }, isReset: false }
    if (lastEventId === undefined || lastEventId === '') return beginning
    const place = this.#placeOf(numbersOf(lastEventId) ?? [], positions)
    return place === undefined ? { ...beginning, isReset: true } : { place, isReset: false }
  }

  /** Undefined for what is none of ours, from the future or too old. */
  #placeOf(numbers: readonly number[], ends: readonly number[]): AllPlace | undefined {
    const [kind, ...rest] = numbers
    const head = rest.splice(0, this.#head.length)
    if (kind !== FOLLOWING && kind !== LISTING) return undefined
    const listed = kind === LISTING ? (rest.shift() ?? 0) - 1 : undefined
    if (this.#head.some((one, index) => one !== head[index]) || rest.length !== ends.length) return undefined
    const place = { positions: rest, listed }
    if (rest.some((position, lane) => position > (ends[lane] ?? 0))) return undefined
    return listed !== -1 && behind(place, ends) > this.#source.log.sizes.behindMax ? undefined : place
  }

  after(place: AllPlace): Promise<Answer> {
    if (this.#madeFor !== this.changed() || this.#chunks.size >= CHUNKS_MAX) this.#chunks.clear()
    this.#madeFor = this.changed()
    const known = this.#chunks.get(place)
    if (known !== undefined) return known
    const chunk = place.listed === undefined ? this.#follow(place) : this.#list(place, place.listed)
    this.#chunks.set(place, chunk)
    return chunk
  }

  async #follow(place: AllPlace): Promise<Answer> {
    const messages = new StateMessages()
    const next = await this.#between(place, messages)
    return next === 'lost' || next === undefined ? next : messages.upTo(next)
  }

  async #list(place: AllPlace, listed: number): Promise<Answer> {
    const messages = new StateMessages()
    const page = place.page ?? (await this.#pageAt(place, listed))
    let at: AllPlace = place.page === undefined ? { ...place, page } : place
    if (listed === -1) at = { positions: page.positions, listed }
    else if (behind(at, page.positions) > 0) {
      const next = await this.#between(at, messages)
      if (next === 'lost') return next
      // Not read so far yet: the page waits with its client.
      if (next === undefined) return at === place ? undefined : messages.upTo(at)
      if (behind(next, page.positions) > 0) return messages.upTo(next)
      at = { ...next, listed }
    }
    for (const { keyId, standing } of page.items) {
      at = { positions: page.positions, listed: keyId }
      messages.add(this.idOf(at), bodyOf(this.#source.state, standing))
    }
    return messages.upTo(page.isLast ? { positions: page.positions, listed: undefined } : at)
  }

  /** What changed after a place, as far as the log goes, or the page that waits; undefined where that is nothing. */
  async #between(place: AllPlace, messages: StateMessages): Promise<AllPlace | 'lost' | undefined> {
    const { log } = this.#source
    const ends = log.ends()
    if (ends !== undefined && behind(place, ends) > this.#source.log.sizes.behindMax) return 'lost'
    let at = place
    for (const lane of place.positions.keys()) {
      if (messages.isFull) break
      const entries = await log.after(lane, place.positions[lane] ?? 0)
      if (entries === 'lost') return 'lost'
      const upTo = place.page?.positions[lane] ?? Number.POSITIVE_INFINITY
      for (const { position, keyId, bytes } of entries) {
        if (messages.isFull || position > upTo) break
        at = { ...at, positions: at.positions.with(lane, position) }
        if (keyId <= (place.listed ?? keyId)) messages.add(this.idOf(at), bytes)
      }
    }
    return at === place ? undefined : at
  }

  /** Many who begin at once get the same page; but nobody one that was read before what it has been told. */
  async #pageAt({ positions }: AllPlace, listed: number): Promise<StandingsPage> {
    const shared = this.#pages.get(listed)
    const page = shared === undefined ? undefined : await shared
    return page === undefined || behind(page, positions) > 0 ? this.#page(listed) : page
  }

  #page(after: number): Promise<StandingsPage> {
    const [feed = 0] = this.#head
    const page = listStandings(this.#source.query, feed, after, this.#source.log.sizes.listPage).finally(() =>
      this.#pages.delete(after),
    )
    this.#pages.set(after, page)
    return page
  }
}

/** How many events lie between. */
const behind = ({ positions }: Pick<AllPlace, 'positions'>, ends: readonly number[]): number =>
  ends.reduce((sum, end, lane) => sum + Math.max(0, end - (positions[lane] ?? 0)), 0)
