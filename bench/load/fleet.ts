import { createChannels } from '../../simulators/rockets/channel.ts'
import { jsonOf, type RocketEvent } from '../../simulators/rockets/message.ts'
import { createRandom, type Random } from '../../simulators/rockets/random.ts'
import { createTimestamps } from '../../simulators/rockets/time.ts'

/** Rockets that go on talking for as long as they are asked to, where `rocketTraffic` makes one journey and ends. */
export class Fleet {
  readonly #channelOf: (rocket: number) => string
  readonly #sent: Uint32Array
  readonly #random: Random
  readonly #timestamp = createTimestamps(Date.now, 60)

  constructor(seed: number, rockets: number) {
    this.#channelOf = createChannels(seed)
    this.#sent = new Uint32Array(rockets)
    this.#random = createRandom(seed, 'bench')
  }

  /** Each rocket's first message. */
  launches(): Buffer[] {
    const message = { type: 'Falcon-9', launchSpeed: 500, mission: 'ARTEMIS' }
    return Array.from(this.#sent, (_, rocket) => this.#next(rocket, { type: 'RocketLaunched', message }))
  }

  /** The next messages of rockets picked at random, in the order of each. */
  messages(count: number): Buffer[] {
    return Array.from({ length: count }, () => {
      const message = { by: 1 + this.#random.below(4_000) }
      return this.#next(this.#random.below(this.#sent.length), { type: 'RocketSpeedIncreased', message })
    })
  }

  channel(rocket: number): string {
    return this.#channelOf(rocket)
  }

  #next(rocket: number, payload: Pick<RocketEvent, 'type' | 'message'>): Buffer {
    const number = (this.#sent[rocket] ?? 0) + 1
    this.#sent[rocket] = number
    const head = { channel: this.#channelOf(rocket), number, time: this.#timestamp() }
    return Buffer.from(jsonOf({ ...head, ...payload } as RocketEvent))
  }
}
