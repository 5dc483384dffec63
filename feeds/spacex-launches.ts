import { arrival, defineFeed, json, Type, text } from 'groundstation'

export default defineFeed({
  name: 'spacex-launches',
  source: { kind: 'poll' },
  event: Type.Object({ id: Type.String({ minLength: 1 }) }),
  identity: { snapshot: 'id' },
  tables: {
    raw_launches: {
      rows: 'latest',
      columns: { id: text('id'), fetched_at_timestamp: arrival({ of: 'first' }), raw_data: json('') },
    },
  },
})
