import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { bigint, defineFeed, http, json, serial, Type, text } from 'groundstation'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import graphql from '../../feeds/spacex-graphql.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { sqlFiles } from '../../src/generate/sql.ts'
import { freshDatabase } from '../database.ts'
import { newGround, openGround } from '../engine/ground.ts'
import { withAdmin } from '../template.ts'
import { until } from '../until.ts'
import { type CatalogLine, catalogOf } from './catalog.ts'

/** Schemas of its own, SQL's own words as names, capitals, columns that may be missing. */
const awkward = defineFeed({
  name: 'awkward',
  source: http({ path: '/awkward' }),
  event: Type.Object({
    Key: Type.String(),
    number: Type.Integer({ minimum: 1 }),
    note: Type.Optional(Type.String()),
    tags: Type.Array(Type.String()),
  }),
  identity: { key: 'Key', sequence: 'number' },
  tables: {
    'staging.Order': { key: ['select', 'NUMBER'], columns: { select: text('Key'), number: bigint('number') } },
    'staging.table': { columns: { note: text('note'), counted: serial() } },
    'marts.tag': {
      rows: 'latest',
      each: 'tags',
      key: ['tag', 'key'],
      columns: { key: text('Key'), tag: text('tags[]') },
    },
    'marts.latest': { rows: 'latest', columns: { key: text('Key'), raw: json('') } },
  },
  views: {
    'other.View': { sql: 'select key as "Of Key", count(*) from marts.tag group by key;' },
    'marts.on_top': { sql: 'select * from other.view', key: ['count'] },
    'marts.often': { sql: 'select key, count(*) from marts.tag group by key', key: ['key'], refresh: '1h' },
  },
})

const FEEDS = [rockets, detections, ...spacex, ...graphql, awkward]

test('generate sql makes on an empty database what a start makes', async () => {
  const started = await newGround(FEEDS)
  const generated = await freshDatabase({ after })
  const files = sqlFiles(FEEDS.map(({ declaration }) => compileFeed(declaration)))
  await withAdmin(generated, async store => {
    for (const { text } of files) await store.query(text)
    const unfilled = (lines: CatalogLine[]) => lines.map(line => (line.of === 'm' ? { ...line, says: '' } : line))
    assert.deepEqual(unfilled(await catalogOf(store.query)), unfilled(await catalogOf(started.store.query)))
  })
})

test('a start takes what generate sql made as its own', async () => {
  const url = await freshDatabase({ after })
  let made: CatalogLine[] = []
  await withAdmin(url, async store => {
    for (const { text } of sqlFiles([compileFeed(awkward.declaration)])) await store.query(text)
    made = await catalogOf(store.query)
  })
  const { store, send } = await openGround(url, [awkward])
  const filled = 'select refreshed_at is not null as filled from groundstation.view where refresh_ms is not null'
  await until('its view is filled', async () => (await store.query(filled)).rows[0]?.filled === true)
  const says = (line: CatalogLine) => (line.name === 'marts.often' && line.what === 'relation' ? 'true' : line.says)
  assert.deepEqual(
    await catalogOf(store.query),
    made.map(line => ({ ...line, says: says(line) })),
  )
  assert.deepEqual(await send('awkward', '{"Key":"a","number":1,"tags":[]}'), [{ outcome: 'accepted' }])
})
