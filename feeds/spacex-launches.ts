import { arrival, defineFeed, env, json, poll, Type, text } from 'groundstation'

export default defineFeed({
  name: 'spacex-launches',
  source: poll({ url: env('SPACEX_URL'), path: '/v4/launches', every: env('SPACEX_EVERY', '300s') }),
  event: Type.Object({ id: Type.String({ minLength: 1 }) }),
  identity: { snapshot: 'id' },
  tables: {
    raw_launches: {
      rows: 'latest',
      columns: { id: text('id'), fetched_at_timestamp: arrival({ of: 'first' }), raw_data: json('') },
    },
  },
})
