import { Type } from 'typebox'

/** What the answers of a post look like, for the API's description. Nothing is checked by them. */
export const Accepted = Type.Object(
  { outcome: Type.Literal('accepted') },
  { description: 'On the record, and applied.' },
)
export const Held = Type.Object(
  { outcome: Type.Literal('held'), waitingFor: Type.Integer({ description: 'The number that must come first.' }) },
  { description: 'On the record; applied when the number that it waits for is in, or is waited for no longer.' },
)
export const Queued = Type.Object(
  { outcome: Type.Literal('queued'), partition: Type.Integer(), offset: Type.Integer() },
  { description: 'On the topic that stands before the record.' },
)
export const Duplicate = Type.Object(
  { outcome: Type.Literal('duplicate') },
  { description: 'The same event is on the record already.' },
)
export const Conflict = Type.Object(
  { outcome: Type.Literal('conflict'), deadLetter: Type.Integer() },
  { description: 'Another event with the same identity is on the record. It stays.' },
)
export const Rejected = Type.Object({
  outcome: Type.Literal('rejected'),
  reason: Type.String({ description: 'The rule that the event breaks.' }),
  message: Type.String(),
  pointer: Type.String({ description: 'JSON Pointer of the place.' }),
  deadLetter: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Where the event is kept; null for one over the size limit.',
  }),
})
export const Settled = Type.Union([Accepted, Held, Duplicate])

const count = () => Type.Integer({ minimum: 0 })
const counts = { accepted: count(), held: count(), duplicate: count(), conflict: count(), rejected: count() }
export const QueuedTotalsSchema = Type.Object(
  { queued: count(), rejected: count() },
  { description: 'What became of the events, where a topic stands before the record.' },
)
export const TotalsSchema = Type.Object(counts, { description: 'What became of the events.' })
export const DoneSchema = Type.Object({ done: Type.Literal(true), ...counts }, { description: 'The last line.' })
export const ReceiptLine = Type.Union([Settled, Queued, Conflict, Rejected, DoneSchema])

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri', description: 'What kind of problem it is, for programs.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What it is, for people.' }),
    outcome: Type.Optional(Type.String({ enum: ['rejected', 'conflict'] })),
    reason: Type.Optional(Type.String({ description: 'The rule that the event breaks.' })),
    pointer: Type.Optional(Type.String({ description: 'JSON Pointer of the place in the event.' })),
    deadLetter: Type.Optional(
      Type.Union([Type.Integer(), Type.Null()], { description: 'The dead letter that the event became.' }),
    ),
  },
  { description: 'RFC 9457' },
)
