import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { GroundstationError } from '../../src/errors.ts'
import { Type, text } from '../../src/index.ts'
import { compile, everything, untyped } from './samples.ts'

type Draft = Record<string, unknown>
const key = (path: string) => ({ type: 'text', path })
const polled = { kind: 'poll', url: 'http://localhost', every: '1h' }
const variants = (rockets.declaration as unknown as { event: Draft }).event

const HTTP = { kind: 'http', path: '/x' }
const POSITION = { identity: { position: true }, state: undefined }
const headerNamed = (header: string) => ({ type: 'text', fact: 'header', of: 'each', header })
const SECRETS = 'source.signature.secrets'
const signed = (signature: unknown) => ({ ...HTTP, signature })
const github = (otherwise: string) => ({ scheme: 'github', secrets: { env: 'S', otherwise } })

/** What is wrong, how the declaration is changed, and the place and the reason that are told. */
const MISTAKES: readonly (readonly [string, Draft, string, RegExp])[] = [
  ['no name', { name: undefined }, 'name', /small letters/],
  ['a name with a space', { name: 'my feed' }, 'name', /small letters/],
  ['a name in capitals', { name: 'Rockets' }, 'name', /small letters/],
  ['no source', { source: undefined }, 'source', /a feed has a source/],
  ['a path without a slash', { source: { kind: 'http', path: 'x' } }, 'source.path', /starts with \//],
  ['a path that ends with a slash', { source: { kind: 'http', path: '/x/' } }, 'source.path', /doesn't end/],
  ['a path of ours', { source: { kind: 'http', path: '/health/live' } }, 'source.path', /Groundstation's own/],
  ['a poll of nothing', { source: { kind: 'poll', every: '1h' } }, 'source.url', /has a url/],
  ['a poll every now and then', { source: { ...polled, every: 'often' } }, 'source.every', /'300s', or a cron line/],
  ['a poll path without a slash', { source: { ...polled, path: 'x' } }, 'source.path', /starts with \//],
  ['a poll with a hole in its path', { source: { ...polled, items: 'a..b' } }, 'source.items', /names on the way/],
  ['pages by two ways', { source: { ...polled, pages: { page: 'p', offset: 'o' } } }, 'source.pages', /by one of page/],
  ['a cursor from nowhere', { source: { ...polled, pages: { cursor: 'c' } } }, 'source.pages.next', /the next cursor/],
  [
    'cursors side by side',
    { source: { ...polled, pages: { cursor: 'c', next: 'n', atOnce: 4 } } },
    'source.pages.atOnce',
    /places are known before/,
  ],
  [
    'a query without items',
    { source: { ...polled, graphql: { query: '{ a }' } } },
    'source.items',
    /where the items are/,
  ],
  [
    'a tombstone of what has no versions',
    { source: { ...polled, gone: 'tombstone' } },
    'source.gone',
    /only of snapshots/,
  ],
  [
    'a tombstone that the schema knows nothing of',
    { source: { ...polled, gone: 'tombstone' }, identity: { snapshot: 'key' } },
    'source.gone',
    /Type\.Optional/,
  ],
  ['a poll by position', { source: polled, identity: { position: true }, state: undefined }, 'identity', /no position/],
  ['no event', { event: undefined }, 'event', /schema is missing/],
  ['an event that is a text', { event: Type.String() }, 'event', /described as an object/],
  ['no such key', { identity: { key: 'nokey', sequence: 'number' } }, 'identity.key', /not a required property/],
  ['an optional key', { identity: { key: 'when', sequence: 'number' } }, 'identity.key', /not a required property/],
  ['a sequence that is a text', { identity: { key: 'key', sequence: 'key' } }, 'identity.sequence', /must be integer/],
  [
    'an inherited property as key',
    { identity: { key: 'constructor', sequence: 'number' } },
    'identity.key',
    /not a required/,
  ],
  ['a unique key without an order', { identity: { unique: 'key', key: 'key' } }, 'identity.order', /belong together/],
  ['an order without a key', { identity: { unique: 'key', order: 'number' } }, 'identity.key', /belong together/],
  [
    'an order that is optional',
    { identity: { unique: 'key', key: 'key', order: 'when' }, state: undefined },
    'identity.order',
    /not a required property/,
  ],
  [
    'a horizon without a unit',
    { identity: { unique: 'key', horizon: '30' }, state: undefined },
    'identity.horizon',
    /'30d'/,
  ],
  [
    'a time that is a number',
    { identity: { key: 'key', sequence: 'number', time: 'number' } },
    'identity.time',
    /must be string/,
  ],
  ['an access that is a word', { access: 'reader' }, 'access', /an object/],
  ['an access of an unknown role', { access: { read: 'admin' } }, 'access.read', /one of reader, writer/],
  ['an access to something else', { access: { write: 'writer' } }, 'access.write', /read, post and default/],
  ['a wait without a unit', { gaps: { wait: '30' } }, 'gaps.wait', /'30s'/],
  [
    'variants without a type',
    { event: variants, identity: { key: 'metadata.channel', sequence: 'metadata.messageNumber' }, tables: {} },
    'identity.type',
    /variants need/,
  ],
  ['a table with a dash', { tables: { 'a-b': { columns: { k: key('key') } } } }, 'tables.a-b', /letters, digits and _/],
  ['a table of three parts', { tables: { 'a.b.c': { columns: { k: key('key') } } } }, 'tables.a.b.c', /`schema.name`/],
  [
    'a table in our schema',
    { tables: { 'groundstation.x': { columns: { k: key('key') } } } },
    'tables.groundstation.x',
    /not for feeds/,
  ],
  [
    'a table in PostgreSQL’s schema',
    { tables: { 'pg_catalog.x': { columns: { k: key('key') } } } },
    'tables.pg_catalog.x',
    /not for feeds/,
  ],
  ['a table without columns', { tables: { x: { columns: {} } } }, 'tables.x.columns', /at least one/],
  [
    'a column that injects',
    { tables: { x: { columns: { 'a"; drop table x; --': key('key') } } } },
    'tables.x.columns.a"; drop table x; --',
    /letters, digits and _/,
  ],
  [
    'two columns apart in case only',
    { tables: { x: { columns: { a: key('key'), A: key('key') } } } },
    'tables.x',
    /two columns are named a/,
  ],
  [
    'a column of nothing',
    { tables: { x: { columns: { k: key('nothing') } } } },
    'tables.x.columns.k',
    /doesn't describe 'nothing'/,
  ],
  ['a key of no column', { tables: { x: { key: ['y'], columns: { k: key('key') } } } }, 'tables.x.key', /no column y/],
  [
    'a path without a key',
    { tables: { x: { path: '/x', columns: { k: key('key') } } } },
    'tables.x.path',
    /in the order of a key/,
  ],
  [
    'a path that is no text',
    { tables: { x: { key: ['k'], path: 5, columns: { k: key('key') } } } },
    'tables.x.path',
    /a text/,
  ],
  [
    'two tables at one path',
    {
      tables: {
        x: { key: ['k'], path: '/x', columns: { k: key('key') } },
        y: { key: ['k'], path: '/x', columns: { k: key('key') } },
      },
    },
    'tables.y.path',
    /\/x is tables\.x\.path already/,
  ],
  [
    'a table at a path of ours',
    { tables: { x: { key: ['k'], path: '/users', columns: { k: key('key') } } } },
    'tables.x.path',
    /Groundstation's own/,
  ],
  [
    'types in a feed without',
    { tables: { x: { when: 'A', columns: { k: key('key') } } } },
    'tables.x.when',
    /only a feed of variants/,
  ],
  [
    'latest without its key',
    { tables: { x: { rows: 'latest', columns: { n: { type: 'bigint', path: 'number' } } } } },
    'tables.x',
    /needs a column that holds/,
  ],
  [
    'latest of positions',
    { identity: { position: true }, tables: { x: { rows: 'latest', columns: { k: key('key') } } } },
    'tables.x',
    /latest/,
  ],
  ...(
    [
      ['without SQL', {}, 'views.v.sql', /has its SQL/],
      ['of blanks', { sql: '  ' }, 'views.v.sql', /has its SQL/],
      ['that is a text', 'select 1', 'views.v.sql', /has its SQL/],
      ['with a key that is a text', { sql: 'x', key: 'a' }, 'views.v.key', /columns' names/],
      ['with a key that injects', { sql: 'x', key: ['a"; drop table x'] }, 'views.v.key', /no column's name/],
      ['paged without a key', { sql: 'x', path: '/v', paging: true }, 'views.v.paging', /order of a key/],
      ['paged and not served', { sql: 'x', key: ['a'], paging: true }, 'views.v.paging', /not served/],
      ['refreshed without a key', { sql: 'x', refresh: '60s' }, 'views.v.refresh', /by a key/],
      ['refreshed too often', { sql: 'x', key: ['a'], refresh: '10ms' }, 'views.v.refresh', /from '1s' on/],
      ['refreshed without a unit', { sql: 'x', key: ['a'], refresh: '60' }, 'views.v.refresh', /'60s'/],
      ['refreshed by a number', { sql: 'x', key: ['a'], refresh: 60 }, 'views.v.refresh', /a text/],
      ['at a path of ours', { sql: 'x', path: '/health' }, 'views.v.path', /Groundstation's own/],
    ] as const
  ).map(([what, view, place, reason]) => [`a view ${what}`, { views: { v: view } }, place, reason] as const),
  ['views that are a list', { views: [1] }, 'views.0.sql', /has its SQL/],
  ['a view in our schema', { views: { 'groundstation.v': { sql: 'x' } } }, 'views.groundstation.v', /not for feeds/],
  ['a view named as a table', { views: { ROWS: { sql: 'x' } } }, 'views.rows', /a table or a view of this name/],
  [
    'two views at one path',
    { views: { a: { sql: 'x', path: '/x' }, b: { sql: 'x', path: '/x' } } },
    'views.b.path',
    /\/x is views\.a\.path already/,
  ],
  [
    'alerts onto the topic that it is read from',
    { source: { kind: 'kafka', topic: 't' }, alerts: { a: { when: { number: { above: 1 } }, topic: 't' } } },
    'alerts.a.topic',
    /read from it/,
  ],
  ['no identity', { identity: undefined }, 'identity', /told apart by/],
  ['an identity of no kind', { identity: {} }, 'identity', /told apart by/],
  ['a key that is no path', { identity: { key: 5, sequence: 'number' } }, 'identity.key', /a text/],
  ['a source of no kind', { source: { kind: 'ftp' } }, 'source.kind', /a source is/],
  ['a source without a path', { source: { kind: 'http' } }, 'source.path', /has a path/],
  ['a secret in the open', { source: signed({ scheme: 'github', secrets: 's'.repeat(32) }) }, SECRETS, /a setting/],
  ['a secret that is well known', { source: signed(github('s'.repeat(32))) }, SECRETS, /without a default/],
  ['no secrets', { source: signed({ scheme: 'github' }) }, SECRETS, /a setting/],
  ['a scheme that nobody knows', { source: signed({ scheme: 'none' }) }, 'source.signature.scheme', /standard, github/],
  ['a signature that is a text', { source: signed('github') }, 'source.signature', /scheme, secrets/],
  ['a header with a space', { source: { ...HTTP, idempotencyKey: 'X Y' } }, 'source.idempotencyKey', /header's name/],
  ['a signed topic', { source: { kind: 'kafka', topic: 't', idempotencyKey: 'X' } }, 'source', /for http sources/],
  [
    'a header of what is held',
    { tables: { x: { columns: { k: headerNamed('X-Kind') } } } },
    'tables.x.columns.k',
    /without a sequence/,
  ],
  [
    'a header of what goes through a topic',
    { ...POSITION, source: { ...HTTP, topic: 't' }, tables: { x: { columns: { k: headerNamed('X-Kind') } } } },
    'tables.x.columns.k',
    /without a topic/,
  ],
  [
    'a header as a key',
    { ...POSITION, tables: { x: { key: ['k'], columns: { k: headerNamed('X-Kind') } } } },
    'tables.x.columns.k',
    /can't be in a key/,
  ],
  [
    'a header of no name',
    { tables: { x: { columns: { k: headerNamed('X Kind') } } } },
    'tables.x.columns.k',
    /header's name/,
  ],
  ['a wait that is a number', { gaps: { wait: 30 } }, 'gaps.wait', /'30s'/],
  ['a maxHeld of -1', { gaps: { wait: '1s', maxHeld: -1 } }, 'gaps.maxHeld', /whole number/],
  ['a table that is null', { tables: { x: null } }, 'tables.x.columns', /at least one/],
  ['a column that is null', { tables: { x: { columns: { a: null } } } }, 'tables.x.columns.a', /type is one of/],
  [
    'a column of no type',
    { tables: { x: { columns: { a: { type: 'money', path: 'key' } } } } },
    'tables.x.columns.a',
    /type is one of/,
  ],
  [
    'a column from nowhere',
    { tables: { x: { columns: { a: { type: 'text' } } } } },
    'tables.x.columns.a',
    /a path or a function/,
  ],
  ['a state without a schema', { state: { path: '/x', key: 'k' } }, 'state.schema', /missing/],
]

const STATE = {
  path: '/states',
  key: 'name',
  schema: Type.Object({ sum: Type.Integer() }),
  initial: { sum: 0 },
  evolve: (state: unknown) => state,
}
const STATES: readonly (readonly [string, Draft, string, RegExp])[] = [
  ['a path of ours', { path: '/feeds' }, 'state.path', /own paths/],
  ['an initial that doesn’t fit', { initial: { sum: 'x' } }, 'state.initial', /\/sum must be integer/],
  ['no fold', { evolve: undefined }, 'state.evolve', /one function/],
  ['folds by type', { evolve: { A: STATE.evolve } }, 'state.evolve', /one function/],
  ['a field named as the key', { key: 'sum' }, 'state.schema.sum', /already/],
  ['a field named as the number', { stands: { sequence: 'sum' } }, 'state.schema.sum', /already/],
  ['a sort by nothing', { sort: ['nothing'] }, 'state.sort', /nothing is no text/],
  ['a schema of a text', { schema: Type.String(), initial: '' }, 'state.schema', /an object/],
]

function mistakeOf(change: Draft): GroundstationError {
  try {
    compile(untyped({ ...everything.declaration, ...change }))
  } catch (error) {
    assert.ok(error instanceof GroundstationError, `threw ${error}`)
    return error
  }
  throw new assert.AssertionError({ message: 'was not refused' })
}

describe('a declaration', () => {
  for (const [name, change, place, reason] of [
    ...MISTAKES,
    ...STATES.map(
      ([what, change, ...rest]) => [`a state with ${what}`, { state: { ...STATE, ...change } }, ...rest] as const,
    ),
    [
      'a table at the path of its state',
      { state: STATE, tables: { x: { key: ['k'], path: STATE.path, columns: { k: key('key') } } } },
      'tables.x.path',
      /state\.path already/,
    ] as const,
    [
      'a table among the states',
      { state: STATE, tables: { x: { key: ['k'], path: `${STATE.path}/x`, columns: { k: key('key') } } } },
      'tables.x.path',
      /each at its key/,
    ] as const,
    [
      'a state without a key',
      { identity: { position: true }, tables: {}, state: STATE },
      'state',
      /needs events with a key/,
    ] as const,
  ])
    it(`with ${name} is refused, with the place and the reason`, () => {
      const { code, message } = mistakeOf(change)
      assert.equal(code, 'DECLARATION_INVALID')
      const line = message.split('\n').find(one => one.trim().startsWith(`${place}:`))
      assert.ok(line, message)
      assert.match(line, reason)
    })

  it('is told of all its mistakes at once', () => {
    const { message } = mistakeOf({ name: 'A', gaps: { wait: 'x' }, source: undefined })
    assert.equal(message.split('\n').length, 4)
  })

  it('of variants is told which type has no fold, and which there is none of', () => {
    const { RocketExploded: _, ...others } = (rockets.declaration.state?.evolve ?? {}) as Record<string, unknown>
    const state = { ...rockets.declaration.state, evolve: { ...others, RocketLanded: () => ({}) } }
    assert.throws(
      () => compile(untyped({ ...rockets.declaration, state })),
      /state\.evolve\.RocketExploded: there is no function[\s\S]*state\.evolve\.RocketLanded: there is no such/,
    )
    const tables = { x: { when: ['RocketLanded'], columns: { a: text('metadata.channel') } } }
    assert.throws(() => compile(untyped({ ...rockets.declaration, tables })), /tables\.x\.when: there is no event type/)
  })

  it('of ours is fine', () => {
    for (const feed of [rockets, detections, ...spacex, everything]) compile(feed)
  })

  it('has another fingerprint when its fold has, and only then', () => {
    const fingerprint = (change: Draft) =>
      compile(untyped({ ...everything.declaration, state: { ...STATE, ...change } })).fingerprint
    assert.equal(fingerprint({}), fingerprint({ sort: ['sum'] }))
    const others = [
      { version: 2 },
      { initial: { sum: 1 } },
      { evolve: (state: unknown) => state ?? {} },
      { schema: Type.Object({ sum: Type.Integer({ maximum: 10 }) }) },
    ].map(fingerprint)
    assert.equal(new Set([fingerprint({}), ...others]).size, 5)
  })
})
