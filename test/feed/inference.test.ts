import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { at, defineFeed, http, integer, Type, text, variants } from '../../src/index.ts'

const common = { name: 'typed', source: http({ path: '/typed' }) }
const event = Type.Object({ key: Type.String(), number: Type.Integer(), note: Type.Optional(Type.String()) })
const identity = { key: 'key', sequence: 'number' }
const shape = variants(
  at('head', Type.Object({ key: Type.String(), number: Type.Integer(), type: Type.String() })),
  at('body', { Added: Type.Object({ by: Type.Integer() }), Named: Type.Object({ name: Type.String() }) }),
)
const typedIdentity = { key: 'head.key', sequence: 'head.number', type: 'head.type' }
const state = { path: '/typed', key: 'key', schema: Type.Object({ sum: Type.Integer() }), initial: { sum: 0 } }

/** The compiler is the test: each line below a `@ts-expect-error` must be refused, everything else accepted. */
describe('what the compiler knows of a feed', () => {
  it('is its events’ type in fold and columns, without a word of the author’s', () => {
    const feed = defineFeed({
      ...common,
      event,
      identity,
      tables: {
        rows: {
          columns: {
            key: text('key'),
            length: { type: 'integer', compute: one => one.key.length + one.number },
            // @ts-expect-error an event has no such property
            wrong: { type: 'integer', compute: one => one.nothing },
            // @ts-expect-error a note may be missing
            note: { type: 'text', compute: one => one.note.toUpperCase() },
          },
        },
      },
      state: { ...state, evolve: (before, one) => ({ sum: before.sum + one.number }) },
    })
    assert.equal(feed.declaration.name, 'typed')
  })

  it('is that a fold gives the state’s type', () => {
    // @ts-expect-error the sum is a number
    defineFeed({ ...common, event, identity, state: { ...state, evolve: (_, one) => ({ sum: one.key }) } })
    // @ts-expect-error an initial state has all of its fields
    defineFeed({ ...common, event, identity, state: { ...state, initial: {}, evolve: before => before } })
    defineFeed({
      ...common,
      event,
      identity,
      state: {
        ...state,
        evolve: before => {
          // @ts-expect-error a state is read only
          before.sum++
          return before
        },
      },
    })
    assert.ok(true)
  })

  it('is each variant’s own payload', () => {
    const feed = defineFeed({
      ...common,
      event: shape,
      identity: typedIdentity,
      tables: {
        added: { when: 'Added', columns: { by: integer('body.by') } },
        // @ts-expect-error there is no such type
        wrong: { when: 'Removed', columns: { by: integer('body.by') } },
      },
      state: {
        ...state,
        evolve: {
          Added: (before, { body }) => ({ sum: before.sum + body.by }),
          // @ts-expect-error what is named has no `by`
          Named: (before, { body }) => ({ sum: before.sum + body.by }),
        },
      },
    })
    assert.equal(feed.declaration.identity, typedIdentity)
  })

  it('is which variant has no fold', () => {
    defineFeed({
      ...common,
      event: shape,
      identity: typedIdentity,
      // @ts-expect-error Named is missing
      state: { ...state, evolve: { Added: before => before } },
    })
    assert.ok(true)
  })
})
