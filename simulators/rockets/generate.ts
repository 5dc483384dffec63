import { createChannels } from './channel.ts'
import type { RocketEvent, RocketPayload } from './message.ts'
import { createRandom, type Random } from './random.ts'
import { type Clock, createTimestamps } from './time.ts'

export interface GenerateOptions {
  readonly seed: number
  /** 20 unless told otherwise. */
  readonly rockets?: number
  /** How many in all, spread evenly; without it each rocket sends some 5,000 to 6,498, as the real ones do. */
  readonly maxMessages?: number
  /** The clock that messageTime is taken from; the only thing in which two runs of one seed differ. */
  readonly now?: Clock
  readonly offsetMinutes?: number
}

const MESSAGES_MAX = 6_498
const MESSAGES_MIN = 5_000
const ROCKETS = 20
const TYPES = ['Falcon-9', 'Falcon-Heavy', 'Starship', 'Ariane-5', 'Electron', 'Saturn-V', 'Soyuz-2']
const MISSIONS = ['ARTEMIS', 'APOLLO', 'GEMINI', 'MERCURY', 'SHUTTLE_MIR', 'VOYAGER', 'EUROPA', 'PSYCHE', 'JUNO']
const REASONS = ['PRESSURE_VESSEL_FAILURE', 'ENGINE_FAILURE', 'FUEL_LEAK', 'GUIDANCE_FAILURE', 'STAGE_COLLISION']

/** What the generator remembers: three words and a channel for each rocket, and nothing for a message. */
interface Fleet {
  /** The rockets that still have something to say; the first `size` entries. */
  readonly active: Uint32Array
  readonly sent: Uint32Array
  readonly quota: Uint32Array
  readonly channels: string[]
}

/**
 * The messages of a fleet in the order in which each rocket sends its own: numbered from 1 without gaps, launched
 * first, exploded at most once, and at times going on after that. Lazy: only the rockets are in memory.
 */
export function* generateRockets(options: GenerateOptions): Generator<RocketEvent, void, undefined> {
  const random = createRandom(options.seed, 'messages')
  const channelOf = createChannels(options.seed)
  const timestamp = createTimestamps(options.now ?? Date.now, options.offsetMinutes ?? 60)
  const fleet = createFleet(options)
  const explodeAt = explosions(options.seed, fleet.quota)
  let size = fleet.active.length
  while (size > 0) {
    const place = random.below(size)
    const rocket = fleet.active[place] ?? 0
    const number = (fleet.sent[rocket] ?? 0) + 1
    fleet.sent[rocket] = number
    fleet.channels[rocket] ??= channelOf(rocket)
    const payload = number === explodeAt[rocket] ? explosion(random) : number === 1 ? launch(random) : change(random)
    const { type, message } = payload
    yield { channel: fleet.channels[rocket], number, time: timestamp(), type, message } as RocketEvent
    if (number === fleet.quota[rocket]) {
      size -= 1
      fleet.active[place] = fleet.active[size] ?? 0
    }
  }
}

function createFleet(options: GenerateOptions): Fleet {
  const rockets = options.rockets ?? ROCKETS
  const most = options.maxMessages
  const fliers = most === undefined ? rockets : Math.min(rockets, most)
  const random = createRandom(options.seed, 'quota')
  const quota = Uint32Array.from({ length: fliers }, (_, rocket) =>
    most === undefined
      ? MESSAGES_MAX - random.below(MESSAGES_MAX - MESSAGES_MIN + 1)
      : Math.floor(most / fliers) + (rocket < most % fliers ? 1 : 0),
  )
  return { active: Uint32Array.from(quota.keys()), sent: new Uint32Array(fliers), quota, channels: [] }
}

/** The number with which each rocket explodes, 0 for never: half do, and half of those go on talking after it. */
function explosions(seed: number, quota: Uint32Array): Uint32Array {
  const random = createRandom(seed, 'explosions')
  return quota.map(messages => {
    const fate = random.below(4)
    const midway = 2 + random.below(Math.max(1, messages - 1))
    if (fate >= 2 || messages < 2) return 0
    return fate === 0 ? messages : midway
  })
}

function launch(random: Random): RocketPayload {
  const message = { type: pick(random, TYPES), launchSpeed: 500 + random.below(4_500), mission: pick(random, MISSIONS) }
  return { type: 'RocketLaunched', message }
}

function explosion(random: Random): RocketPayload {
  return { type: 'RocketExploded', message: { reason: pick(random, REASONS) } }
}

/** Decreases are nearly as many as increases, so that some would take the speed below 0. */
function change(random: Random): RocketPayload {
  const kind = random.below(100)
  if (kind < 20) return { type: 'RocketMissionChanged', message: { newMission: pick(random, MISSIONS) } }
  const by = 1 + random.below(4_000)
  return { type: kind < 62 ? 'RocketSpeedIncreased' : 'RocketSpeedDecreased', message: { by } }
}

function pick(random: Random, words: readonly string[]): string {
  return words[random.below(words.length)] ?? ''
}
