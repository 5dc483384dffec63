import { writeFile } from 'node:fs/promises'
import { kafkaMissing } from '../test/services/kafka/library.ts'
import type { Bench, Measurement } from './bench.ts'
import { openBenchServer } from './database.ts'
import type { Figure } from './figure.ts'
import { measureCopy } from './figures/copy.ts'
import { measureCrowd } from './figures/crowd.ts'
import { measureGateway } from './figures/gateway.ts'
import { measureHot } from './figures/hot.ts'
import { measureHttp } from './figures/http.ts'
import { measureKeys } from './figures/keys.ts'
import { measureLatency } from './figures/latency.ts'
import { measureLogins } from './figures/logins.ts'
import { measureLong } from './figures/long.ts'
import { measureMemory } from './figures/memory.ts'
import { measurePosts } from './figures/posts.ts'
import { measurePublications } from './figures/publications.ts'
import { measureStart } from './figures/start.ts'
import { measureTold } from './figures/told.ts'
import { measureToldFromKafka } from './figures/told-kafka.ts'
import { measureUnchanged } from './figures/unchanged.ts'
import { measureWorker } from './figures/worker.ts'
import { describeMachine, type Machine } from './machine.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import type { EngineMethods } from './processes/engine.ts'
import { startProcess } from './processes/start.ts'
import { markdownOf, tableOf } from './report.ts'

/** Those that need Kafka, and so Java. */
const WITH_KAFKA: Readonly<Record<string, Measurement>> = {
  worker: measureWorker,
  gateway: measureGateway,
  'told-kafka': measureToldFromKafka,
}

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  copy: measureCopy,
  http: measureHttp,
  posts: measurePosts,
  latency: measureLatency,
  keys: measureKeys,
  long: measureLong,
  hot: measureHot,
  logins: measureLogins,
  told: measureTold,
  crowd: measureCrowd,
  memory: measureMemory,
  start: measureStart,
  unchanged: measureUnchanged,
  publications: measurePublications,
  ...WITH_KAFKA,
}

/** Names that stand for several. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  kafka: ['worker', 'gateway'],
  poll: ['unchanged', 'publications'],
  alerts: ['told', 'told-kafka', 'crowd', 'logins'],
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const known = [...Object.keys(MEASUREMENTS), ...Object.keys(GROUPS)]
  const unknown = [...options.only].find(name => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`there is no figure ${unknown}: ${known.join(' ')}`)
  const wanted = Object.keys(MEASUREMENTS).filter(name => isWanted(options, name))
  const unable = await withoutKafka(options, wanted)
  const server = await openBenchServer()
  const figures: Figure[] = []
  try {
    const bench: Bench = { options, server, blank: 'bench_blank', say: message => console.error(`  ${message}`) }
    await declareBlank(bench)
    for (const name of wanted) {
      const measure = MEASUREMENTS[name]
      if (measure === undefined || unable.has(name)) continue
      console.error(name)
      figures.push(...(await measure(bench)))
    }
    await report(options, describeMachine(server), figures)
  } finally {
    await server.close()
  }
}

/** What is left out, where Kafka can't be started; said, and an error where it was asked for by name. */
async function withoutKafka({ only }: Options, wanted: readonly string[]): Promise<ReadonlySet<string>> {
  const needing = wanted.filter(name => name in WITH_KAFKA)
  const reason = needing.length > 0 && (await kafkaMissing())
  if (reason === false) return new Set()
  const said = `${needing.join(' and ')}: ${reason}`
  if (needing.some(name => only.has(name)) || only.has('kafka')) throw new TypeError(said)
  console.error(`left out: ${said}`)
  return new Set(needing)
}

/** Ten million events take minutes: only where they are asked for. */
function isWanted({ only, isLong }: Options, name: string): boolean {
  if (only.has(name) || Object.entries(GROUPS).some(([group, names]) => only.has(group) && names.includes(name)))
    return true
  return only.size === 0 ? name !== 'long' || isLong : name === 'long' && isLong
}

async function declareBlank({ server, blank }: Bench): Promise<void> {
  const engine = await startProcess<EngineMethods>('engine')
  await engine.call('declare', { url: await server.make(blank), writers: 1 })
  await engine.stop()
}

async function report(options: Options, machine: Machine, figures: readonly Figure[]): Promise<void> {
  console.log(options.isMarkdown ? markdownOf(machine, figures) : tableOf(figures))
  for (const { name, notes } of figures) for (const note of notes) console.log(`${name}: ${note}`)
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`)
}

if (process.argv.includes('--help')) console.log(USAGE)
else
  await main().catch(error => {
    console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error)
    // At once: a measurement that failed may have left children, which end with their parent.
    process.exit(1)
  })
