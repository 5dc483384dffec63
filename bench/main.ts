import { writeFile } from 'node:fs/promises'
import type { Bench, Measurement } from './bench.ts'
import { openBenchServer } from './database.ts'
import type { Figure } from './figure.ts'
import { measureCopy } from './figures/copy.ts'
import { measureHot } from './figures/hot.ts'
import { measureHttp } from './figures/http.ts'
import { measureKeys } from './figures/keys.ts'
import { measureLatency } from './figures/latency.ts'
import { measureLong } from './figures/long.ts'
import { measureMemory } from './figures/memory.ts'
import { measurePosts } from './figures/posts.ts'
import { measureStart } from './figures/start.ts'
import { describeMachine, type Machine } from './machine.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import type { EngineMethods } from './processes/engine.ts'
import { startProcess } from './processes/start.ts'
import { markdownOf, tableOf } from './report.ts'

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  copy: measureCopy,
  http: measureHttp,
  posts: measurePosts,
  latency: measureLatency,
  keys: measureKeys,
  long: measureLong,
  hot: measureHot,
  memory: measureMemory,
  start: measureStart,
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const unknown = [...options.only].find(name => !(name in MEASUREMENTS))
  if (unknown !== undefined)
    throw new TypeError(`there is no figure ${unknown}: ${Object.keys(MEASUREMENTS).join(' ')}`)
  const server = await openBenchServer()
  const figures: Figure[] = []
  try {
    const bench: Bench = { options, server, blank: 'bench_blank', say: message => console.error(`  ${message}`) }
    await declareBlank(bench)
    for (const [name, measure] of Object.entries(MEASUREMENTS)) {
      if (!isWanted(options, name)) continue
      console.error(name)
      figures.push(...(await measure(bench)))
    }
    await report(options, describeMachine(server), figures)
  } finally {
    await server.close()
  }
}

/** Ten million events take minutes: only where they are asked for. */
function isWanted({ only, isLong }: Options, name: string): boolean {
  if (only.has(name)) return true
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
