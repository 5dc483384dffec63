import type { CompiledState } from '../../feed/state.ts'
import type { Query } from '../../store/read/query.ts'
import { findStanding } from '../../store/read/standings.ts'
import { notFound } from '../context.ts'
import { bodyOf } from './lane-tail.ts'
import type { Chunk, LiveLog, Start } from './log.ts'
import { idOf, numbersOf } from './place-id.ts'
import type { StateLog } from './state-log.ts'
import { StateMessages } from './state-messages.ts'

/** A position of the key's lane; undefined where the client has nothing yet. */
export type KeyPlace = { readonly position: number | undefined }

const KIND = 2

export type StateSource = {
  readonly log: StateLog
  readonly query: Query
  readonly state: CompiledState
}

/** One key's state, and each change of it. */
export class KeyStates implements LiveLog<KeyPlace> {
  readonly #source: StateSource
  readonly #key: string
  #head: readonly number[] = []
  #lane = 0
  #keyId = 0
  #feed = 0

  constructor(source: StateSource, key: string) {
    this.#source = source
    this.#key = key
  }

  idOf({ position }: KeyPlace): string {
    return idOf([...this.#head, position === undefined ? 0 : position + 1])
  }

  changed(): Promise<void> {
    return this.#source.log.changed()
  }

  join(): () => void {
    return this.#source.log.join()
  }

  async start(lastEventId: string | undefined): Promise<Start<KeyPlace>> {
    const { log, query } = this.#source
    const { feed, generation, positions } = await log.place()
    const found = await findStanding(query, feed, this.#key)
    if (found === undefined) throw notFound(`There is no ${this.#source.state.keyName} ${this.#key}.`)
    this.#feed = feed
    this.#lane = found.lane
    this.#keyId = found.keyId
    this.#head = [KIND, feed, generation, found.keyId]
    const beginning = { place: { position: undefined }, isReset: false }
    // Browsers that were told to forget their id send none; others send it empty.
    if (lastEventId === undefined || lastEventId === '') return beginning
    const numbers = numbersOf(lastEventId)
    const isOurs = numbers?.length === this.#head.length + 1 && this.#head.every((one, index) => one === numbers[index])
    const next = isOurs ? numbers.at(-1) : undefined
    if (next === 0) return beginning
    const end = positions[found.lane] ?? 0
    if (next === undefined || next - 1 > end || end - (next - 1) > log.sizes.keyBehindMax)
      return { ...beginning, isReset: true }
    return { place: { position: next - 1 }, isReset: false }
  }

  async after({ position }: KeyPlace): Promise<Chunk<KeyPlace> | 'lost' | undefined> {
    const { log, query, state } = this.#source
    const messages = new StateMessages()
    if (position === undefined) {
      const now = await findStanding(query, this.#feed, this.#key)
      if (now === undefined) return 'lost'
      const next = { position: now.position }
      messages.add(this.idOf(next), bodyOf(state, now.standing))
      return messages.upTo(next)
    }
    if ((log.ends()?.[this.#lane] ?? 0) - position > log.sizes.keyBehindMax) return 'lost'
    const entries = await log.after(this.#lane, position)
    if (entries === 'lost') return 'lost'
    let at = position
    for (const entry of entries) {
      if (messages.isFull) break
      at = entry.position
      if (entry.keyId === this.#keyId) messages.add(this.idOf({ position: at }), entry.bytes)
    }
    return at === position ? undefined : messages.upTo({ position: at })
  }
}
