import {
  arrival,
  bigint,
  defineFeed,
  double,
  header,
  http,
  integer,
  json,
  poll,
  serial,
  Type,
  text,
  timestamp,
  uuid7,
} from 'groundstation'

const event = Type.Object({
  key: Type.String({ minLength: 1 }),
  number: Type.Integer({ minimum: 1 }),
  at: Type.String({ format: 'date-time' }),
  add: Type.Integer({ minimum: -1000, maximum: 1000 }),
  note: Type.Optional(Type.String()),
})

/** What `evolve` of the feed below depends on, as it must not: a bug that only the fold of the engine has. */
export const bug = { factor: 1, throwsAt: -1 }

export const sums = (version = 1) =>
  defineFeed({
    name: 'sums',
    source: http({ path: '/sums' }),
    event,
    identity: { key: 'key', sequence: 'number', time: 'at' },
    gaps: { wait: '30s', maxHeld: 5 },
    tables: {
      sums: {
        columns: {
          id: serial(),
          uid: uuid7(),
          arrived: arrival(),
          key: text('key'),
          number: bigint('number'),
          at: timestamp('at'),
          add: integer('add'),
          half: { type: 'double', compute: ({ add }) => add / 2 },
          note: text('note'),
          whole: json(''),
        },
        key: ['key', 'number'],
      },
      newest: {
        rows: 'latest',
        columns: { key: text('key'), number: bigint('number'), first: arrival({ of: 'first' }) },
      },
      loose: { columns: { add: integer('add') } },
    },
    state: {
      path: '/sums',
      key: 'key',
      schema: Type.Object({ sum: Type.Integer(), seen: Type.Array(Type.Integer()) }),
      version,
      initial: { sum: 0, seen: [] },
      evolve: (state, { add, number }) => {
        if (number === bug.throwsAt) throw new Error('this number again')
        return { sum: state.sum + version * add * bug.factor, seen: [...state.seen.slice(-3), number] }
      },
    },
  })

export const readings = defineFeed({
  name: 'readings',
  source: http({ path: '/readings' }),
  event: Type.Object({ value: Type.Number(), text: Type.String() }),
  identity: { position: true },
  tables: { readings: { columns: { value: double('value'), text: text('text'), at: arrival() } } },
})

export const orders = defineFeed({
  name: 'orders',
  source: http({ path: '/orders' }),
  event: Type.Object({ id: Type.String({ minLength: 1 }), total: Type.Integer() }),
  identity: { unique: 'id' },
  tables: { orders: { key: ['id'], columns: { id: text('id'), total: bigint('total') } } },
})

export const sum = (key: string, number: number, add = number, more: object = {}) => ({
  key,
  number,
  at: `2024-02-29T12:00:${String(number % 60).padStart(2, '0')}.123456789+18:30`,
  add,
  ...more,
})

export const versions = defineFeed({
  name: 'versions',
  source: poll({ url: 'http://localhost', every: '1h' }),
  event: Type.Object({ id: Type.String({ minLength: 1 }), value: Type.Integer() }),
  identity: { snapshot: 'id' },
  tables: {
    versions: { rows: 'latest', columns: { id: text('id'), first: arrival({ of: 'first' }), raw: json('') } },
  },
})

/** Versions that come in any order; the second table has those of one kind of object. */
export const objects = defineFeed({
  name: 'objects',
  source: http({ path: '/objects' }),
  event: Type.Object({
    id: Type.String({ minLength: 1 }),
    object: Type.String({ minLength: 1 }),
    changed: Type.String({ format: 'date-time' }),
    value: Type.Integer(),
  }),
  identity: { unique: 'id', key: 'object', order: 'changed' },
  tables: {
    objects: { rows: 'latest', columns: { object: text('object'), first: arrival({ of: 'first' }), raw: json('') } },
    object_versions: { key: ['id'], columns: { id: text('id'), object: text('object'), value: bigint('value') } },
  },
})

/** `hundredths` after a moment; the offset tells nothing of the order. */
export const version = (object: string, id: string, hundredths: number, zone = 'Z') => ({
  id,
  object,
  changed: `2024-02-29T${zone === 'Z' ? '12:00' : '17:30'}:00.${String(hundredths).padStart(2, '0')}${zone}`,
  value: hundredths,
})

/** Versions of which the post's headers tell more. */
export const hooks = defineFeed({
  name: 'hooks',
  source: http({ path: '/hooks' }),
  event: Type.Object({ id: Type.String(), object: Type.String(), order: Type.Integer() }),
  identity: { unique: 'id', key: 'object', order: 'order' },
  tables: {
    hooks: { rows: 'latest', columns: { object: text('object'), id: text('id'), kind: header('X-Kind') } },
    all_hooks: { key: ['id'], columns: { id: text('id'), kind: header('x-kind'), other: header('X-Other') } },
  },
})
