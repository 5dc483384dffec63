import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import spacex from '../../feeds/spacex-launches.ts'
import { canonical } from '../../src/feed/same.ts'
import { channel, exploded, faster, launched } from '../api/rocket.ts'
import { captured } from '../captures.ts'
import { groundstation } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'
import { openGround } from '../engine/ground.ts'
import { PROJECT } from '../faults/service.ts'
import { startBroker } from './kafka/broker.ts'
import { kafkaMissing } from './kafka/library.ts'
import { produce } from './kafka/records.ts'
import { freshTopic } from './kafka/shared-broker.ts'
import { trinoMissing } from './trino/library.ts'
import { query, type TrinoRow } from './trino/query.ts'
import { startTrino } from './trino/server.ts'

const skip = (await kafkaMissing()) || (await trinoMissing())

const FEEDS = [rockets, detections, ...spacex]
const FILES = ['rockets', 'detections', 'spacex-launches'].map(feed => join(PROJECT, 'feeds', `${feed}.ts`))
const ROCKETS = Array.from({ length: 100 }, (_, index) => [
  launched(channel(index), 1, `Type-${index % 7}`),
  faster(channel(index), 2, index + 1),
  faster(channel(index), 3),
  exploded(channel(index), 4, 'PRESSURE "LOSS"\nµ'),
]).flat()
const MAKES = ['Toyota', 'Škoda', 'Kia', 'Toyota', 'Kia', 'Toyota']
const DETECTIONS = MAKES.map((Make, index) => JSON.stringify({ Year: 2011 + index, Make, Model: 'A', Category: 'SUV' }))

/** As they were captured; where they aren't, two that will do. */
async function launchesGiven(): Promise<string[]> {
  const path = captured({ skip: () => undefined }, 'spacex-rest/launches_2022-09.json')
  const launch = { id: 'a', success: true, date_utc: '2006-03-24T22:30:00.000Z', payloads: ['p'] }
  const given: unknown =
    path === undefined ? [launch, { ...launch, id: 'b' }] : JSON.parse(await readFile(path, 'utf8'))
  return (given as object[]).map(one => JSON.stringify(one))
}

/** The stores with something in them, and Trino over what the program wrote of the settings. */
async function setUp() {
  const broker = await startBroker({ secured: { tls: true, users: { trino: 'right-one' } } })
  after(() => broker.stop())
  const { brokers, ca = '' } = broker.secured ?? assert.fail('no secured listener')
  const topic = await freshTopic({ after }, { brokers: broker.brokers, partitions: 2 })
  const databaseUrl = await freshDatabase({ after })
  const ground = await openGround(databaseUrl, FEEDS)
  await ground.send('rockets', ...ROCKETS)
  await ground.send('detections', ...DETECTIONS)
  const given = await launchesGiven()
  await ground.send('spacex-launches', ...given)
  // Dates that slip, and masses to the gram; of some launches neither is known.
  const slipped = given.slice(0, 20).map((json, index) => {
    const launch = JSON.parse(json) as { date_utc: string }
    return JSON.stringify({
      ...launch,
      date_utc: new Date(Date.parse(launch.date_utc) + index * 77_777_000).toISOString(),
    })
  })
  await ground.send('spacex-launches', ...slipped)
  const payloads = given.slice(0, 100).flatMap(json => (JSON.parse(json) as { payloads: string[] }).payloads)
  const massOf = (index: number) => (index % 9 === 0 ? null : 1_000.123 + index)
  await ground.send(
    'spacex-payloads',
    ...payloads.map((id, index) => JSON.stringify({ id, mass_kg: massOf(index + 1) })),
  )
  await produce(
    broker.brokers,
    topic,
    ROCKETS.map((value, index) => ({ value, key: channel(Math.floor(index / 4)), partition: index % 2 })),
  )
  const secrets = { KAFKA_CA: ca, KAFKA_USERNAME: 'trino', KAFKA_PASSWORD: 'right-one', MONGODB_URL: 'mongodb://x/y' }
  const env = { ...secrets, DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers, ROCKETS_TOPIC: topic }
  let folder = ''
  const configure = async (etc: string) => {
    folder = etc
    const { code, stderr } = await groundstation(['generate', 'trino', ...FILES, '--out', etc], { env })
    assert.equal(code, 0, stderr)
  }
  const { username, password } = new URL(databaseUrl)
  const user = { POSTGRES_USER: username, POSTGRES_PASSWORD: decodeURIComponent(password) }
  const trino = await startTrino({ after }, { configure, env: { ...secrets, ...user } })
  return {
    ground,
    /** As the topic's table is called. */
    table: `kafka.${topic.replace(/\.(?=\d)/, '._')}`,
    ask: (sql: string) => query(trino, sql),
    generated: (path: string) => readFile(join(folder, path), 'utf8'),
  }
}

// At the file's own level, so that nothing is started for a suite that is skipped.
const world = skip === false ? await setUp() : undefined
if (world === undefined) test('Trino over what generate trino writes', { skip })
else describe('Trino over what generate trino writes', () => over(world))

function over({ ground, table, ask, generated }: Awaited<ReturnType<typeof setUp>>): void {
  test('finds a catalog for each store', async () => {
    const names = (await ask('show catalogs')).map(row => row.Catalog)
    assert.deepEqual(names.sort(), ['kafka', 'mongodb', 'postgresql', 'system'])
  })

  for (const name of [
    'rocket_launched',
    'speed_change',
    'rocket_exploded',
    'mission_changed',
    'detections',
    'raw_launches',
  ])
    test(`has the rows of ${name} as PostgreSQL has them`, async () => {
      const rows = await ground.rows(`select * from ${name} order by 2, 3, 1`)
      assert.deepEqual(plain(await ask(`select * from postgresql.public.${name} order by 2, 3, 1`)), plain(rows))
      assert.ok(rows.length > 0 || name === 'mission_changed')
    })

  test('reads the record, whose events are JSON', async () => {
    const sql = `select count(*) as events, count(distinct key) as keys,
      count_if(json_extract_scalar(event, '$.message.reason') = 'PRESSURE "LOSS"' || chr(10) || 'µ') as exploded
      from postgresql.groundstation.record where feed = 'rockets'`
    assert.deepEqual(await ask(sql), [{ events: 400, keys: 100, exploded: 100 }])
  })

  test('calculates with averages, which have no scale of their own', async () => {
    const sql = 'select round(sum(average_payload_mass), 2) as mass from'
    const rows = await ground.rows(`${sql} launch_aggregates_view`)
    assert.deepEqual(plain(await ask(`${sql} postgresql.public.launch_aggregates_view`)), plain(rows))
  })

  test('counts the topic, over TLS and with a password, and reads its events', async () => {
    assert.deepEqual(await ask(`select count(*) as n from ${table}`), [{ n: ROCKETS.length }])
    const sql = `select channel, messagenumber, messagetime, messagetype, type, launchspeed, mission, "by", reason, newmission
      from ${table} order by channel, messagenumber`
    assert.deepEqual(await ask(sql), ROCKETS.map(fieldsOf))
    const keys = await ask(`select count(*) as n from ${table} where _key = channel`)
    assert.deepEqual(keys, [{ n: ROCKETS.length }])
  })

  for (const { declaration } of FEEDS)
    for (const view of Object.keys(declaration.views ?? {}))
      test(`answers ${view} of ${declaration.name} with the rows that PostgreSQL has`, async () => {
        const rows = await ground.rows(`select * from ${view}`)
        assert.ok(rows.length > 0)
        assert.deepEqual(sorted(await ask(await generated(`queries/${declaration.name}/${view}.sql`))), sorted(rows))
      })
}

const sorted = (rows: readonly TrinoRow[]): string[] => plain(rows).map(canonical).sort()

/** Rows as either tells them: times to the microsecond, numbers as numbers, JSON as what it says. */
const plain = (rows: readonly TrinoRow[]): TrinoRow[] =>
  rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)])))

function plainValue(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(Number(value).toPrecision(12))
  const time = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d+))?(?: UTC|\+00)$/.exec(value)
  if (time !== null) return `${time[1]}.${(time[2] ?? '').padEnd(6, '0')}`
  return /^[[{]/.test(value) ? JSON.parse(value) : value
}

function fieldsOf(json: string): TrinoRow {
  const { metadata, message } = JSON.parse(json) as Record<string, Record<string, unknown>>
  const fields = { ...metadata, ...message }
  const names = ['channel', 'messageNumber', 'messageTime', 'messageType', 'type', 'launchSpeed', 'mission', 'by']
  return Object.fromEntries([...names, 'reason', 'newMission'].map(name => [name.toLowerCase(), fields[name] ?? null]))
}
