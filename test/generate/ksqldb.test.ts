import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { at, defineFeed, http, kafka, Type, variants } from 'groundstation'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { ksqldbFile } from '../../src/generate/ksqldb.ts'
import { captured } from '../captures.ts'
import { readStreams } from './read-streams.ts'

const generate = (...feeds: readonly DeclaredFeed[]) =>
  ksqldbFile(feeds.map(feed => compileFeed(feed.declaration))).text
const streamsOf = (...feeds: readonly DeclaredFeed[]) => readStreams(generate(...feeds))

test('the stream of rockets is the one that its users type', async t => {
  const page = captured(t, '../seeds/000_237ea8d3b71057f4.txt')
  if (page === undefined) return
  const [typed] = readStreams(/CREATE STREAM[\s\S]*?;/.exec(await readFile(page, 'utf8'))?.[0] ?? '')
  const [made, another] = streamsOf(rockets)
  assert.ok(typed !== undefined && made !== undefined && another === undefined)
  const { rowkey, ...columns } = made.columns as Record<string, unknown>
  assert.equal(rowkey, 'text key')
  assert.deepEqual(columns, typed.columns)
  assert.deepEqual(Object.keys(typed.columns), ['metadata', 'message'])
  assert.deepEqual(made.properties, { ...typed.properties, KEY_FORMAT: 'KAFKA' })
})

test('each topic has a stream, those of alerts too; a feed without one has none', () => {
  const named = streamsOf(detections, ...spacex, rockets).map(({ name, properties }) => [name, properties.KAFKA_TOPIC])
  assert.deepEqual(named, [
    ['intellisite_detections', 'intellisite.detections'],
    ['intellisite_alerts', 'intellisite.alerts'],
    ['rocket_launch', 'rocket-launch'],
  ])
})

test('every kind of value has its type', () => {
  const feed = defineFeed({
    name: 'kinds',
    source: kafka({ topic: 'kinds' }),
    event: Type.Object({
      small: Type.Integer({ minimum: 0, exclusiveMaximum: 100 }),
      large: Type.Integer(),
      number: Type.Number(),
      both: Type.Union([Type.Integer(), Type.Number(), Type.Null()]),
      flag: Type.Optional(Type.Boolean()),
      colour: Type.Union([Type.Literal('red'), Type.Literal('green')]),
      mixed: Type.Union([Type.String(), Type.Object({ a: Type.String() })]),
      whatever: Type.Unknown(),
      open: Type.Object({}),
      nothing: Type.Null(),
      list: Type.Array(Type.Object({ n: Type.Number() })),
      map: Type.Record(Type.String(), Type.Boolean()),
      select: Type.String(),
      'a-b`c': Type.String(),
      id: Type.String(),
      ID: Type.String(),
    }),
    identity: { position: true },
  })
  assert.deepEqual(streamsOf(feed)[0]?.columns, {
    small: 'integer',
    large: 'integer',
    number: 'double',
    both: 'double',
    flag: 'boolean',
    colour: 'text',
    mixed: 'text',
    whatever: 'text',
    open: 'text',
    nothing: 'text',
    list: { of: { n: 'double' } },
    map: { to: 'boolean' },
    select: 'text',
    'a-b`c': 'text',
    id: 'text',
    ID: 'text',
  })
  const text = generate(feed)
  for (const written of ['small INT,', 'large BIGINT,', '`select` ', '`a-b``c` ', '`id` ', '`ID` '])
    assert.match(text, new RegExp(written))
})

test('a field that two payloads have is there once, as what either may be', () => {
  const feed = defineFeed({
    name: 'kinds',
    source: http({ path: '/kinds', topic: 'its.Kinds' }),
    event: variants(
      at('head', Type.Object({ type: Type.String(), rowkey: Type.String() })),
      at('body', {
        A: Type.Object({ value: Type.Integer(), only: Type.Object({ a: Type.String() }) }),
        B: Type.Object({ value: Type.Number(), only: Type.Object({ b: Type.String() }) }),
      }),
    ),
    identity: { unique: 'head.rowkey', type: 'head.type' },
  })
  const [stream] = streamsOf(feed)
  assert.deepEqual(stream?.columns.body, { value: 'double', only: { a: 'text', b: 'text' } })
  assert.deepEqual([stream?.name, stream?.properties.KAFKA_TOPIC], ['its_kinds', 'its.Kinds'])
})
