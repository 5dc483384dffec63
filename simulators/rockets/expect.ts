import type { RocketEvent } from './message.ts'

/** A rocket as `GET /rockets/{channel}` shows it. */
export interface RocketState {
  readonly channel: string
  readonly type: string | null
  readonly speed: number
  readonly mission: string | null
  readonly exploded: boolean
  readonly reason: string | null
  readonly messageNumber: number
  readonly messageTime: string
  readonly complete: boolean
}

type Draft = { -readonly [Field in keyof RocketState]: RocketState[Field] }

/**
 * Rockets folded by the rules, with code of its own: nothing here comes from the program that it checks. A rocket's
 * events are given once each and in the order of their numbers; numbers may be missing. Memory: a state a rocket.
 */
export class Expectations {
  readonly #rockets = new Map<string, { draft: Draft; applied: number }>()

  add(event: RocketEvent): void {
    const channel = event.channel.toLowerCase()
    let rocket = this.#rockets.get(channel)
    if (rocket === undefined) {
      rocket = { draft: blank(channel), applied: 0 }
      this.#rockets.set(channel, rocket)
    }
    const { draft } = rocket
    if (event.number <= draft.messageNumber) {
      throw new RangeError(`Number ${event.number} of ${channel} after ${draft.messageNumber}: use foldEvents.`)
    }
    if (!draft.exploded) apply(draft, event)
    // An explosion ends what a rocket can become, not what it says.
    draft.messageNumber = event.number
    draft.messageTime = event.time
    rocket.applied += 1
    draft.complete = rocket.applied === event.number
  }

  get(channel: string): RocketState | undefined {
    const rocket = this.#rockets.get(channel.toLowerCase())
    return rocket && { ...rocket.draft }
  }

  /** In the order of the channels. */
  *states(): Generator<RocketState, void, undefined> {
    for (const channel of [...this.#rockets.keys()].sort()) {
      const state = this.get(channel)
      if (state !== undefined) yield state
    }
  }

  get rockets(): number {
    return this.#rockets.size
  }

  /** Numbers below a rocket's highest that are not in: what the list of gaps should add up to. */
  get holes(): number {
    let holes = 0
    for (const { draft, applied } of this.#rockets.values()) holes += draft.messageNumber - applied
    return holes
  }
}

/**
 * The same fold for events in any order and any number of times, such as the list of those that were acknowledged.
 * Where two have one number, the first in the list stays.
 */
export function foldEvents(events: Iterable<RocketEvent>): Expectations {
  const byChannel = new Map<string, Map<number, RocketEvent>>()
  for (const event of events) {
    const channel = event.channel.toLowerCase()
    const known = byChannel.get(channel) ?? new Map<number, RocketEvent>()
    byChannel.set(channel, known)
    if (!known.has(event.number)) known.set(event.number, event)
  }
  const expectations = new Expectations()
  for (const known of byChannel.values()) {
    for (const event of [...known.values()].sort((a, b) => a.number - b.number)) expectations.add(event)
  }
  return expectations
}

function blank(channel: string): Draft {
  const unknown = { type: null, speed: 0, mission: null, exploded: false, reason: null }
  return { channel, ...unknown, messageNumber: 0, messageTime: '', complete: false }
}

function apply(draft: Draft, event: RocketEvent): void {
  switch (event.type) {
    case 'RocketLaunched':
      if (draft.type !== null) return
      draft.type = event.message.type
      draft.speed = event.message.launchSpeed
      draft.mission = event.message.mission
      return
    case 'RocketSpeedIncreased':
      draft.speed += event.message.by
      return
    case 'RocketSpeedDecreased':
      draft.speed = Math.max(0, draft.speed - event.message.by)
      return
    case 'RocketMissionChanged':
      draft.mission = event.message.newMission
      return
    case 'RocketExploded':
      draft.exploded = true
      draft.reason = event.message.reason
  }
}
