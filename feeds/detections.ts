import { arrival, defineFeed, env, integer, kafka, Type, text, uuid7 } from 'groundstation'

export default defineFeed({
  name: 'detections',
  source: kafka({ topic: 'intellisite.detections' }),
  event: Type.Object({
    Year: Type.Integer(),
    Make: Type.String({ minLength: 1 }),
    Model: Type.String({ minLength: 1 }),
    Category: Type.String(),
  }),
  identity: { position: true },
  access: { default: 'reader' },
  tables: {
    detections: {
      key: ['id'],
      path: '/detections',
      columns: {
        id: uuid7(),
        timestamp: arrival(),
        year: integer('Year'),
        make: text('Make'),
        model: text('Model'),
        category: text('Category'),
      },
    },
  },
  views: {
    stats: {
      path: '/stats',
      sql: 'select make, count(*) from detections group by make order by count(*) desc, make',
    },
  },
  alerts: {
    suspicious: {
      when: { Category: { equals: env('SUSPICIOUS_VEHICLE', 'SUV') } },
      topic: 'intellisite.alerts',
      stream: '/alerts',
    },
  },
})
