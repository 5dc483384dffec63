import { setTimeout as delay } from 'node:timers/promises'
import type { LiveLog } from '../../src/api/live/log.ts'

export type Told = { readonly id: string; readonly event: string; readonly data: string }

/** A client of a log without the network between: takes what comes message by message, and breaks off wherever it is told to. */
export class Follower<Place> {
  readonly told: Told[] = []
  lastId: string | undefined

  /** Connects where it was, takes what is there, so many messages at most, and leaves. */
  take(log: LiveLog<Place>, most = Number.POSITIVE_INFINITY): Promise<void> {
    return this.#follow(log, most, () => true)
  }

  /** Stays until `isDone`, and takes all that comes. */
  stay(log: LiveLog<Place>, isDone: () => boolean): Promise<void> {
    return this.#follow(log, Number.POSITIVE_INFINITY, isDone)
  }

  async #follow(log: LiveLog<Place>, most: number, isDone: () => boolean): Promise<void> {
    const { place, isReset } = await log.start(this.lastId)
    const leave = log.join()
    let at = place
    let left = most
    const reset = () => this.#add(`id: ${log.idOf(at)}\nevent: reset\ndata: {}`)
    try {
      if (isReset) reset()
      else this.lastId = log.idOf(at)
      while (left > 0) {
        const changed = log.changed()
        const chunk = await log.after(at)
        if (chunk === undefined) {
          if (isDone()) return
          // A look now and then, so that who waits in vain finds it out.
          await Promise.race([changed, delay(200)])
        } else if (chunk === 'lost') {
          at = (await log.start(undefined)).place
          reset()
        } else {
          const blocks = chunk.bytes.toString('utf8').split('\n\n').slice(0, chunk.count)
          for (const block of blocks) if (left-- > 0) this.#add(block)
          at = chunk.next
          if (left > 0) this.lastId = log.idOf(at)
        }
      }
    } finally {
      leave()
    }
  }

  #add(block: string): void {
    const fields = new Map(
      block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    )
    const told = { id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: fields.get('data') ?? '' }
    this.told.push(told)
    this.lastId = told.id
  }
}
