import type { Outcome } from '../../engine/contract.ts'
import type { Sender, SendTarget } from './sender.ts'

/** Of one input. While one commits, the next are read, parsed and gathered. */
const CHUNKS_AT_ONCE_MAX = 4

/** For events that carry their identity: several chunks are under way at once, submitted in their order. */
export class KeyedSender implements Sender {
  readonly #target: SendTarget
  #underWay: Promise<void>[] = []

  constructor(target: SendTarget) {
    this.#target = target
  }

  async send(events: readonly Buffer[], places: readonly number[]): Promise<void> {
    const { engine, feed, name, signal } = this.#target
    if (this.#underWay.length >= CHUNKS_AT_ONCE_MAX) await this.#underWay.shift()
    // Nobody else submits in between, so the room is still there; and versions of one key keep their order.
    await engine.room(feed, signal)
    const origin = (index: number) => ({ file: name, event: places[index] ?? 0 })
    const outcomes = engine.submit(feed, { events, origin }).then(told => this.#tell(told, places))
    outcomes.catch(() => undefined)
    this.#underWay.push(outcomes)
  }

  async finish(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #tell(outcomes: readonly Outcome[], places: readonly number[]): void {
    for (const [index, outcome] of outcomes.entries()) this.#target.tell(outcome, places[index] ?? 0)
  }
}
