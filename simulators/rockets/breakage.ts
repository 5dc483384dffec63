import { jsonOf, type RocketEvent } from './message.ts'
import type { Random } from './random.ts'

type Draft = { metadata: Record<string, unknown>; message: Record<string, unknown> }
type Breaker = (draft: Draft, random: Random) => void

const METADATA = ['channel', 'messageNumber', 'messageTime', 'messageType']

/** One way for each rule by which a message is invalid. None holds a line break, so that NDJSON can carry them too. */
const BREAKERS: Readonly<Record<string, Breaker>> = {
  'missing-metadata-field': ({ metadata }, random) => delete metadata[oneOf(random, METADATA)],
  'missing-message-field': ({ message }, random) => delete message[oneOf(random, Object.keys(message))],
  'unknown-type': ({ metadata }) => {
    metadata.messageType = 'RocketTeleported'
  },
  'number-zero': ({ metadata }) => {
    metadata.messageNumber = 0
  },
  'number-no-integer': ({ metadata }, random) => {
    metadata.messageNumber = oneOf(random, [1.5, -3, '7', null])
  },
  'bad-time': ({ metadata }, random) => {
    metadata.messageTime = oneOf(random, [
      'yesterday',
      '',
      '2022-13-02T19:39:05.863370000+01:00',
      '2022-02-02T19:39:05',
    ])
  },
  'bad-uuid': ({ metadata }) => {
    metadata.channel = `${metadata.channel}`.slice(0, -1)
  },
  'negative-launch-speed': draft => {
    draft.metadata.messageType = 'RocketLaunched'
    draft.message = { type: 'Falcon-9', launchSpeed: -500, mission: 'ARTEMIS' }
  },
  'by-not-positive': (draft, random) => {
    draft.metadata.messageType = oneOf(random, ['RocketSpeedIncreased', 'RocketSpeedDecreased'])
    draft.message = { by: oneOf(random, [0, -1]) }
  },
  'empty-string': (draft, random) => {
    const [type, message] = oneOf(random, EMPTY)
    draft.metadata.messageType = type
    draft.message = { ...message }
  },
}

const EMPTY: readonly (readonly [string, Record<string, unknown>])[] = [
  ['RocketExploded', { reason: '' }],
  ['RocketMissionChanged', { newMission: '' }],
  ['RocketLaunched', { type: '', launchSpeed: 500, mission: 'ARTEMIS' }],
  ['RocketLaunched', { type: 'Falcon-9', launchSpeed: 500, mission: '' }],
]

/** The names of the ways in which `breakMessage` breaks. */
export const BREAKAGES: readonly string[] = ['not-json', ...Object.keys(BREAKERS)]

/** The message's text, broken in one way; what else it says stays, so that its key and number can mostly be read. */
export function breakMessage(event: RocketEvent, random: Random): string {
  const text = jsonOf(event)
  const breaker = BREAKERS[oneOf(random, BREAKAGES)]
  if (breaker === undefined) return text.slice(0, 1 + random.below(text.length - 1))
  const draft = JSON.parse(text) as Draft
  breaker(draft, random)
  return JSON.stringify(draft)
}

function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)] as T
}
