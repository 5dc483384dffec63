import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GroundstationError } from '../../src/errors.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { arrival, defineFeed, integer, ordinal, poll, Type, text, timestamp } from '../../src/index.ts'

const event = Type.Object({
  id: Type.String(),
  name: Type.String(),
  lines: Type.Union([
    Type.Array(
      Type.Object({
        article: Type.String(),
        on: Type.String({ format: 'date-time' }),
        note: Type.Optional(Type.String()),
      }),
    ),
    Type.Null(),
  ]),
})

type Table = Record<string, unknown> & { readonly columns: Record<string, unknown> }

const compile = (table: Table) => {
  const declared = {
    name: 'orders',
    source: poll({ url: 'http://localhost', every: '1h' }),
    event,
    identity: { snapshot: 'id' },
    tables: { lines: table },
  }
  return compileFeed(defineFeed(declared as never).declaration)
}

const FIT = { id: text('id'), article: text('lines[].article') }

describe('a table of a row an item', () => {
  it('has columns of the item, not null where its schema says so', () => {
    const columns = { ...FIT, note: text('lines[].note'), at: ordinal() }
    const table = compile({ rows: 'latest', each: 'lines', key: ['id', 'article'], columns }).tables[0]
    assert.deepEqual(table?.key, ['id', 'article'])
    assert.deepEqual(
      table?.columns.map(({ isItem, isRequired, pointer }) => [isItem, isRequired, pointer]),
      [
        [false, true, '/id'],
        [true, true, '/article'],
        [true, false, '/note'],
        [false, true, ''],
      ],
    )
  })

  const mistakes: readonly (readonly [string, Table, string, RegExp])[] = [
    ['of a list that is none', { each: 'name', columns: FIT }, 'tables.lines.each', /'name' as a list/],
    ['of nothing', { each: 'nothing', columns: FIT }, 'tables.lines.each', /'nothing' as a list/],
    ['of the event', { each: '', columns: FIT }, 'tables.lines.each', /as a list/],
    ['of a number', { each: 7, columns: FIT }, 'tables.lines.each', /expected a text/],
    [
      'with a column of nothing',
      { each: 'lines', columns: { a: text('lines[].nothing') } },
      'tables.lines.columns.a',
      /doesn't describe/,
    ],
    [
      'with a column of an item’s item',
      { each: 'lines', columns: { a: text('lines[].article[]') } },
      'tables.lines.columns.a',
      /doesn't describe/,
    ],
    [
      'with a column of its first version',
      { each: 'lines', columns: { at: arrival({ of: 'first' }) } },
      'tables.lines.columns.at',
      /no first version/,
    ],
    [
      'with a key that may be missing',
      { each: 'lines', key: ['n'], columns: { n: text('lines[].note') } },
      'tables.lines.key',
      /doesn't require what n/,
    ],
    [
      'with a key of a time',
      { each: 'lines', key: ['t'], columns: { t: timestamp('lines[].on') } },
      'tables.lines.key',
      /told apart by text/,
    ],
    [
      'without its key',
      { rows: 'latest', each: 'lines', columns: { article: FIT.article } },
      'tables.lines',
      /identity's key/,
    ],
    [
      'with a key that two events may share',
      { rows: 'latest', each: 'lines', key: ['article'], columns: FIT },
      'tables.lines.key',
      /told apart by id/,
    ],
    [
      'at a path, in no order',
      { rows: 'latest', each: 'lines', path: '/lines', columns: FIT },
      'tables.lines.path',
      /order of a key/,
    ],
  ]
  for (const [name, table, place, reason] of mistakes)
    it(`is refused ${name}`, () => {
      assert.throws(
        () => compile(table),
        error => error instanceof GroundstationError && error.at === place && reason.test(error.message),
      )
    })

  for (const [name, column, reason] of [
    ['a name with a space', { type: 'integer', series: 'an order', path: 'id' }, /a series of numbers has a name/],
    ['no key', { type: 'integer', series: 'order' }, /a path or a function/],
    ['a key of nothing', { type: 'integer', series: 'order', path: 'nothing' }, /doesn't describe/],
    ['texts', { type: 'text', series: 'order', path: 'id' }, /is an integer/],
  ] as const)
    it(`is refused with numbers that have ${name}`, () => {
      assert.throws(() => compile({ columns: { id: text('id'), number: column } }), reason)
    })

  it('is needed for an item', () => {
    assert.throws(() => compile({ columns: { id: text('id'), article: text('lines[].article') } }), /doesn't describe/)
    assert.throws(() => compile({ columns: { id: text('id'), at: ordinal() } }), /only a table with `each`/)
    assert.throws(() => compile({ columns: { id: text('id'), count: integer('lines.length') } }), /doesn't describe/)
  })
})
