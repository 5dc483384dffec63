import {
  at,
  bigint,
  defineFeed,
  env,
  http,
  integer,
  serial,
  Type,
  text,
  timestamp,
  uuid,
  variants,
} from 'groundstation'
import { speeds } from './views/speeds.ts'

const Name = Type.String({ minLength: 1 })
const Speed = Type.Integer({ minimum: 0 })
const By = Type.Object({ by: Type.Integer({ exclusiveMinimum: 0 }) })
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

const metadata = {
  channel: uuid('metadata.channel'),
  messageNumber: bigint('metadata.messageNumber'),
  messageType: text('metadata.messageType'),
  messageTime: timestamp('metadata.messageTime'),
}
const key = ['channel', 'messageNumber']

export default defineFeed({
  name: 'rockets',
  source: http({ path: '/messages', topic: env('ROCKETS_TOPIC', 'rocket-launch') }),
  event: variants(
    at(
      'metadata',
      Type.Object({
        channel: Type.String({ format: 'uuid' }),
        messageNumber: Type.Integer({ minimum: 1 }),
        messageTime: Type.String({ format: 'date-time' }),
        messageType: Type.String(),
      }),
    ),
    at('message', {
      RocketLaunched: Type.Object({ type: Name, launchSpeed: Speed, mission: Name }),
      RocketSpeedIncreased: By,
      RocketSpeedDecreased: By,
      RocketExploded: Type.Object({ reason: Name }),
      RocketMissionChanged: Type.Object({ newMission: Name }),
    }),
  ),
  identity: {
    key: 'metadata.channel',
    sequence: 'metadata.messageNumber',
    time: 'metadata.messageTime',
    type: 'metadata.messageType',
  },
  gaps: { wait: '30s' },
  tables: {
    rocket_launched: {
      when: 'RocketLaunched',
      key,
      columns: {
        launchId: serial(),
        ...metadata,
        type: text('message.type'),
        launchSpeed: integer('message.launchSpeed'),
        mission: text('message.mission'),
      },
    },
    speed_change: {
      when: ['RocketSpeedIncreased', 'RocketSpeedDecreased'],
      key,
      columns: { ...metadata, changeValue: integer('message.by') },
    },
    rocket_exploded: { when: 'RocketExploded', key, columns: { ...metadata, reason: text('message.reason') } },
    mission_changed: {
      when: 'RocketMissionChanged',
      key,
      columns: { ...metadata, newMission: text('message.newMission') },
    },
  },
  views: speeds,
  state: {
    path: '/rockets',
    key: 'channel',
    stands: { sequence: 'messageNumber', time: 'messageTime' },
    schema: Type.Object({
      type: Nullable(Name),
      speed: Speed,
      mission: Nullable(Name),
      exploded: Type.Boolean(),
      reason: Nullable(Name),
    }),
    sort: ['channel', 'type', 'speed', 'mission', 'exploded', 'messageNumber', 'messageTime'],
    initial: { type: null, speed: 0, mission: null, exploded: false, reason: null },
    evolve: {
      RocketLaunched: (rocket, { message }) =>
        rocket.exploded || rocket.type !== null
          ? rocket
          : { ...rocket, type: message.type, speed: message.launchSpeed, mission: message.mission },
      RocketSpeedIncreased: (rocket, { message }) =>
        rocket.exploded ? rocket : { ...rocket, speed: rocket.speed + message.by },
      RocketSpeedDecreased: (rocket, { message }) =>
        rocket.exploded ? rocket : { ...rocket, speed: Math.max(0, rocket.speed - message.by) },
      RocketExploded: (rocket, { message }) =>
        rocket.exploded ? rocket : { ...rocket, exploded: true, reason: message.reason },
      RocketMissionChanged: (rocket, { message }) =>
        rocket.exploded ? rocket : { ...rocket, mission: message.newMission },
    },
  },
})
