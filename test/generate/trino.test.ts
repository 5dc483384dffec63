import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFeed, kafka, Type } from 'groundstation'
import detections from '../../feeds/detections.ts'
import rockets from '../../feeds/rockets.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { jdbcUrlOf } from '../../src/generate/trino/catalogs.ts'
import { trinoFiles } from '../../src/generate/trino/files.ts'
import { groundstation } from '../cli/program.ts'

const NOWHERE = { databaseUrl: undefined, kafka: undefined, hasMongodb: false }
const FROM_ENVIRONMENT = `jdbc:postgresql://\${ENV:POSTGRES_HOST}:\${ENV:POSTGRES_PORT}/\${ENV:POSTGRES_DB}`

test("the database is where its URL says, in JDBC's words, without user and password", () => {
  const cases: [string | undefined, string][] = [
    ['postgresql://me:secret@db:5432/data', 'jdbc:postgresql://db:5432/data'],
    ['postgres://db/data?sslmode=verify-full&password=secret', 'jdbc:postgresql://db/data?sslmode=verify-full'],
    ['postgresql://me:se%2Fcret@a:1,b:2/data', 'jdbc:postgresql://a:1,b:2/data'],
    ['postgresql://[::1]:5432/data', 'jdbc:postgresql://[::1]:5432/data'],
    ['postgresql://me@db', `jdbc:postgresql://db/\${ENV:POSTGRES_DB}`],
    // Not as a URL is written: nobody knows where the password ends.
    ['postgresql://me:sec/ret@db:5432/data', FROM_ENVIRONMENT],
    ['postgresql://me:sec#ret@db:5432/data', FROM_ENVIRONMENT],
    ['postgresql:///data?host=/tmp', FROM_ENVIRONMENT],
    [undefined, FROM_ENVIRONMENT],
  ]
  for (const [url, expected] of cases) assert.equal(jdbcUrlOf(url), expected)
})

test('no secret is written, whatever the settings have of them', async () => {
  const env = {
    DATABASE_URL: 'postgresql://me:SECRET-1@db:5432/data',
    KAFKA_BROKERS: 'a:9092,b:9092',
    KAFKA_USERNAME: 'ground',
    KAFKA_PASSWORD: 'SECRET-2',
    KAFKA_CA: '-----BEGIN CERTIFICATE-----',
    KAFKA_CERT: '-----BEGIN CERTIFICATE-----',
    KAFKA_KEY: '-----BEGIN PRIVATE KEY-----SECRET-3',
    MONGODB_URL: 'mongodb://me:SECRET-4@documents/data',
    GROUNDSTATION_SECRET: 'SECRET-5 '.repeat(10),
  }
  const { code, stdout, stderr } = await groundstation(['generate', 'trino', 'feeds/rockets.ts'], { env })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  for (const line of ['kafka.nodes=a:9092,b:9092', 'security.protocol=SASL_SSL', 'sasl.mechanism=SCRAM-SHA-512'])
    assert.ok(stdout.includes(`${line}\n`), line)
  assert.match(stdout, /==> catalog\/mongodb\.properties <==/)
  assert.doesNotMatch(stdout, /SECRET|BEGIN/)
})

test('a topic is a table of all that its events can hold', () => {
  const files = new Map(trinoFiles([compileFeed(rockets.declaration)], NOWHERE).map(({ path, text }) => [path, text]))
  const table = JSON.parse(files.get('kafka/default.rocket_launch.json') ?? '')
  assert.equal(table.topicName, 'rocket-launch')
  assert.deepEqual(
    table.message.fields.map(({ name, mapping, type }: Record<string, string>) => [name, mapping, type].join(' ')),
    [
      'channel metadata/channel VARCHAR',
      'messagenumber metadata/messageNumber BIGINT',
      'messagetime metadata/messageTime VARCHAR',
      'messagetype metadata/messageType VARCHAR',
      'type message/type VARCHAR',
      'launchspeed message/launchSpeed BIGINT',
      'mission message/mission VARCHAR',
      'by message/by BIGINT',
      'reason message/reason VARCHAR',
      'newmission message/newMission VARCHAR',
    ],
  )
  assert.match(files.get('catalog/kafka.properties') ?? '', /^kafka\.table-names=default\.rocket_launch$/m)
  assert.match(files.get('catalog/kafka.properties') ?? '', /^kafka\.nodes=\$\{ENV:KAFKA_BROKERS\}$/m)
})

test('names that would be the same are told apart; topics too', () => {
  const Inner = Type.Object({ id: Type.Integer({ minimum: 0, maximum: 9 }), 'a/b': Type.String() })
  const event = Type.Object({
    id: Type.String(),
    ID: Type.Boolean(),
    inner: Inner,
    list: Type.Array(Inner),
    n: Type.Number(),
  })
  const feed = (name: string, topic: string) =>
    compileFeed(defineFeed({ name, source: kafka({ topic }), event, identity: { position: true } }).declaration)
  const files = trinoFiles([feed('a', 'some-topic'), feed('b', 'some_topic'), feed('c', '9.x.y')], NOWHERE)
  const paths = files.map(({ path }) => path).filter(path => path.startsWith('kafka/'))
  assert.deepEqual(paths, ['kafka/default.some_topic.json', 'kafka/default.some_topic_2.json', 'kafka/_9.x_y.json'])
  const fields = JSON.parse(files.at(-1)?.text ?? '').message.fields
  assert.deepEqual(
    fields.map(({ name, mapping, type }: Record<string, string>) => [name, mapping, type].join(' ')),
    ['id id VARCHAR', 'id_2 ID BOOLEAN', 'inner_id inner/id INTEGER', 'list list VARCHAR', 'n n DOUBLE'],
  )
})

test("a view is a query: in Trino's words where its feed has them, and read as it is where not", () => {
  const { declaration } = detections
  const views = { stats: { sql: 'select 1;' }, 'marts.order': { sql: 'select 1', trino: '\nselect 2 ;\n' } }
  const files = trinoFiles([compileFeed({ ...declaration, views })], NOWHERE)
  assert.deepEqual(
    files.filter(({ path }) => path.startsWith('queries/')),
    [
      {
        path: 'queries/detections/stats.sql',
        text: '-- stats of the feed detections\nselect * from postgresql."public"."stats";\n',
      },
      { path: 'queries/detections/marts.order.sql', text: '-- marts.order of the feed detections\nselect 2;\n' },
    ],
  )
})
