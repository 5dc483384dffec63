/**
 * Runs the tests: `node test/run.ts unit|services|long [filter]`. One PostgreSQL serves the whole run; each test takes a
 * database of its own on it (`database.ts`). One Kafka serves those of `services`, each with topics of its own
 * (`services/kafka/shared-broker.ts`). The last line is the sum.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { openEmbedded } from '../src/embedded/index.ts'
import { isKind, KINDS, type Kind, testFiles } from './files.ts'
import { anotherHome, MADE_HOME, makeHome } from './made-home.ts'
import { KAFKA_URL, offerBroker } from './services/kafka/offer.ts'
import { ADMIN_URL, makeTemplate } from './template.ts'

const ROOT = join(import.meta.dirname, '..')
/** Settings of whoever runs this, which the tests must not see. */
const SETTINGS = /^(DATABASE_URL|KAFKA_BROKERS|MONGODB_URL|HOST|PORT|LOG_LEVEL|GROUNDSTATION_\w+|PG[A-Z]+)$/
/** Of files. One more than there are cores, as many wait for something; not more, as they share one server's connections. */
const CONCURRENCY_MAX = 3

const MINUTE_MS = 60_000
/** Of one test. What takes longer by design is a long one. */
const TEST_MS_MAX = { unit: 2 * MINUTE_MS, services: 5 * MINUTE_MS, long: 120 * MINUTE_MS } as const

/** Of the whole run: a file that leaves something open never ends by itself. */
const RUN_MS_MAX = { unit: 14 * MINUTE_MS, services: 60 * MINUTE_MS, long: 24 * 60 * MINUTE_MS } as const

const [kind = 'unit', filter = ''] = process.argv.slice(2)
if (!isKind(kind)) {
  console.error(`Expected one of ${KINDS.join(', ')}, and perhaps a part of a file's name.`)
  process.exit(2)
}
const files = (await testFiles(ROOT, kind)).filter(file => relative(ROOT, file).includes(filter))
if (files.length === 0 && filter !== '') {
  console.error(`No ${kind} test has '${filter}' in its name.`)
  process.exit(2)
}
for (const name of Object.keys(process.env)) if (SETTINGS.test(name)) delete process.env[name]

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())
const tooLong = AbortSignal.timeout(RUN_MS_MAX[kind])
const ended = AbortSignal.any([interrupted.signal, tooLong])

// What is run again and again is read once.
process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules/.cache/groundstation')
const folder = await mkdtemp(join(tmpdir(), 'groundstation-tests-'))
const made = join(folder, 'made')
await makeHome(made)
process.env[MADE_HOME] = made
const home = join(folder, 'home')
await anotherHome(made, home)
const server = await openEmbedded({ home, log: () => undefined })
const kafka = kind === 'services' ? await offerBroker() : undefined
try {
  process.env[ADMIN_URL] = server.url
  if (kafka !== undefined) process.env[KAFKA_URL] = kafka.url
  await makeTemplate(server.url)
  const counts = await runFiles()
  const { tests, passed, skipped, todo, hasFailed } = counts
  const failed = Math.max(tests - passed - skipped - todo, hasFailed || ended.aborted ? 1 : 0)
  if (tooLong.aborted) console.log(`The run was ended after ${RUN_MS_MAX[kind] / MINUTE_MS} minutes.`)
  console.log(`${passed} passed, ${failed} failed, ${skipped + todo} skipped`)
  if (failed > 0) process.exitCode = 1
} finally {
  await kafka?.stop()
  await server.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 10 })
}

type Counts = { readonly tests: number; readonly passed: number; readonly skipped: number; readonly todo: number }

/** `hasFailed`: a suite may fail before it has any test, which no count tells. */
async function runFiles(): Promise<Counts & { readonly hasFailed: boolean }> {
  let counts: Counts = { tests: 0, passed: 0, skipped: 0, todo: 0 }
  let hasFailed = false
  if (files.length === 0) return { ...counts, hasFailed }
  const stream = run({
    files,
    cwd: ROOT,
    concurrency: Math.min(CONCURRENCY_MAX, availableParallelism() + 1),
    execArgv: [`--test-timeout=${TEST_MS_MAX[kind as Kind]}`],
    signal: ended,
  })
  stream.on('test:summary', summary => {
    if (summary.file === undefined) counts = summary.counts
  })
  stream.on('test:fail', ({ todo }) => {
    hasFailed ||= todo === undefined
  })
  for await (const text of stream.compose(new spec())) process.stdout.write(text)
  return { ...counts, hasFailed }
}
