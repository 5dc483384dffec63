import { boolean, defineFeed, env, integer, poll, Type, text, timestamp } from 'groundstation'

/** Launches as a user would declare them: polled page by page, a row for the latest version of each. */
export default defineFeed({
  name: 'bench-launches',
  source: poll({
    url: env('BENCH_LAUNCHES_URL'),
    path: '/launches',
    every: '24h',
    items: 'docs',
    pages: { page: 'page', more: 'hasNextPage' },
  }),
  event: Type.Object({
    id: Type.String({ minLength: 1 }),
    name: Type.String(),
    flight_number: Type.Integer(),
    date_utc: Type.String({ format: 'date-time' }),
    success: Type.Union([Type.Boolean(), Type.Null()]),
    upcoming: Type.Boolean(),
    rocket: Type.String(),
    launchpad: Type.String(),
    payloads: Type.Array(Type.String()),
  }),
  identity: { snapshot: 'id' },
  tables: {
    bench_launches: {
      rows: 'latest',
      columns: {
        id: text('id'),
        name: text('name'),
        flight_number: integer('flight_number'),
        date: timestamp('date_utc'),
        success: boolean('success'),
      },
    },
  },
})
