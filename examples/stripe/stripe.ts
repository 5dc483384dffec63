import { bigint, defineFeed, env, http, json, stripe, Type, text } from 'groundstation'

const Event = Type.Object({
  id: Type.String(),
  type: Type.String(),
  created: Type.Integer({ minimum: 0, maximum: 100_000_000_000 }),
  data: Type.Object({ object: Type.Object({ id: Type.String(), object: Type.String() }) }),
})

export default defineFeed({
  name: 'stripe',
  source: http({ path: '/stripe', signature: stripe({ secrets: env('STRIPE_WEBHOOK_SECRETS', '') }) }),
  event: Event,
  // Events come again and out of order. Each is kept once; the object's latest is the one that was made last.
  identity: { unique: 'id', key: 'data.object.id', order: 'created' },
  tables: {
    stripe_objects: {
      path: '/stripe/objects',
      rows: 'latest',
      columns: {
        id: text('data.object.id'),
        kind: text('data.object.object'),
        event: text('id'),
        created: bigint('created'),
        object: json('data.object'),
      },
    },
    stripe_events: {
      path: '/stripe/events',
      key: ['id'],
      columns: {
        id: text('id'),
        type: text('type'),
        created_at: {
          type: 'timestamp',
          compute: ({ created }) => new Date(created * 1000).toISOString(),
        },
        object: json('data.object'),
      },
    },
  },
})
