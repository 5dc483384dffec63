import { Type } from 'typebox'
import { GAP_STATUSES } from '../../store/read/gaps.ts'
import {
  FeedName,
  jsonContent,
  Key,
  Number1,
  pageOf,
  pageParameters,
  pathParameters,
  problemContents,
  Time,
} from './content.ts'

const tags = ['operations']
const params = pathParameters({ feed: FeedName })
const count = (description: string) => Type.Integer({ minimum: 0, description })

const known = (description: string) => Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description })
const TopicLag = Type.Object({
  topic: Type.String(),
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      offset: known('Everything before it is on the record; null where nothing was read.'),
      end: known("Behind the partition's last record; null while the brokers can't be asked."),
      lag: known('Records that are not on the record yet.'),
      behindMs: Type.Union([Type.Number(), Type.Null()], {
        description: 'How old the oldest of them may be, at most; null where the partition was never read to its end.',
      }),
    }),
  ),
  rebalances: known('Assignments that the process that answers was given; null where it reads nothing.'),
  problems: Type.Array(Type.String(), { description: 'What keeps it from reading, and what to do.' }),
})

const ToldOutput = Type.Object({
  kind: Type.String({ description: 'Such as kafka.' }),
  stream: Type.String({ description: 'Whose alerts are delivered.' }),
  target: Type.String({ description: 'Where to, such as a topic.' }),
  lastId: count("Everything up to it is delivered, or is for others; an alert's id."),
  lag: count('Alerts that it has still to deliver; 100000 stands for as many or more.'),
  behindMs: Type.Number({
    description: 'How long the first of them has waited; 0 where there is none.',
  }),
  isRunning: Type.Boolean({ description: 'Whether some process delivers.' }),
  problem: Type.Union([Type.String(), Type.Null()], { description: 'What keeps it from delivering, and what to do.' }),
})

const LastPoll = Type.Object({
  run: Type.Integer({ minimum: 1 }),
  startedAt: Type.String({ format: 'date-time' }),
  ms: known('How long it took; null while it runs.'),
  requests: count('To the API.'),
  new: count('Items that were not known.'),
  changed: count('That said something else than before.'),
  unchanged: count('That did not.'),
  rejected: count('That became dead letters.'),
  gone: count('That two complete polls in a row did not have.'),
  shared: count('Of those that changed, items with the id of another of their page. Many: it may be the wrong id.'),
  isComplete: Type.Boolean({ description: 'Whether every page came and every item was taken.' }),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it ended before its end.' }),
  notBefore: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: "Until when the API asked to be left alone; null where it didn't.",
  }),
  restMs: Type.Number({ description: 'How long that is yet; 0 where it is over.' }),
  completeAgoMs: Type.Union([Type.Number(), Type.Null()], {
    description: 'How long ago the last complete poll began; null where there was none.',
  }),
})

export const feedListSchema = {
  operationId: 'list-feeds',
  tags,
  summary: 'The feeds, and how much of each there is',
  response: {
    200: jsonContent(
      'All of them.',
      pageOf(
        Type.Object({
          name: Type.String(),
          kind: Type.String({ enum: ['sequenced', 'unique', 'versioned', 'position', 'snapshot'] }),
          source: Type.String({ enum: ['http', 'kafka', 'poll'] }),
          path: Type.String({ description: 'Where its events are posted to.' }),
          state: Type.Union([Type.String(), Type.Null()], { description: 'Where its states are read.' }),
          events: count('On the record.'),
          keys: count('With a cursor of their own.'),
          held: count('Events that wait for a number before theirs.'),
          openGaps: count('Ranges of numbers that are waited for.'),
          releasedGaps: count('Ranges of numbers that are not waited for any more; one that is healed leaves it.'),
          missingNumbers: count('Numbers in them.'),
          skipped: count("Events on the record that the state's fold failed on; each is an open dead letter."),
          openDeadLetters: count('That were neither replayed nor dismissed.'),
          topic: Type.Union([TopicLag, Type.Null()], {
            description: 'The topic that it is read from, and how far behind; null where there is none.',
          }),
          poll: Type.Union([LastPoll, Type.Null()], {
            description: 'What came of its last poll; null where there was none.',
          }),
          outputs: Type.Array(ToldOutput, { description: 'What delivers its alerts elsewhere.' }),
        }),
      ),
    ),
    ...problemContents(),
  },
}

export const recordSchema = {
  operationId: 'list-record',
  tags,
  summary: 'Events on the record',
  description:
    'With a key: in their order, from a number on. Without: lane by lane, in the order in which they were applied. A page ends after 8 MiB at the latest.',
  params,
  querystring: Type.Object({
    key: Key,
    from: Type.Optional(Type.Integer({ minimum: 1, description: "The first number; the key's first without it." })),
    ...pageParameters,
  }),
  response: {
    200: jsonContent(
      'A page.',
      pageOf(
        Type.Object({
          key: Type.Union([Type.String(), Type.Null()]),
          sequence: Type.Union([Number1, Type.Null()]),
          lane: Type.Integer(),
          position: Type.Integer({ description: "Its place on the lane's record, gapless." }),
          arrived: Time,
          recorded: Type.String({ format: 'date-time', description: 'When it was applied.' }),
          facts: Type.Unknown({ description: "What isn't in the event, and was fixed when it was accepted." }),
          event: Type.Unknown({ description: 'As it was posted.' }),
        }),
      ),
    ),
    ...problemContents(400, 404),
  },
}

export const gapsSchema = {
  operationId: 'list-gaps',
  tags,
  summary: 'Numbers that are missing, or were',
  params,
  querystring: Type.Object({
    key: Key,
    status: Type.Optional(Type.String({ enum: [...GAP_STATUSES] })),
    ...pageParameters,
  }),
  response: {
    200: jsonContent(
      'A page.',
      pageOf(
        Type.Object({
          key: Type.String(),
          from: Number1,
          to: Number1,
          since: Time,
          status: Type.String({
            enum: [...GAP_STATUSES],
            description:
              'open: waited for. released: not any more. healed: it came late. voided: somebody said that it never comes.',
          }),
          deadLetter: Type.Union([Type.Integer(), Type.Null()], {
            description: 'The refused event that should have been there.',
          }),
        }),
      ),
    ),
    ...problemContents(400, 404),
  },
}

export const heldSchema = {
  operationId: 'list-held',
  tags,
  summary: 'Events that wait for a number before theirs',
  params,
  querystring: Type.Object({ key: Key, ...pageParameters }),
  response: {
    200: jsonContent(
      'A page.',
      pageOf(Type.Object({ key: Type.String(), sequence: Number1, waitingFor: Number1, since: Time })),
    ),
    ...problemContents(400, 404),
  },
}
