import { assertSame, type Bench, thousands } from '../bench.ts'
import { describeCost } from '../cost.ts'
import { type Compared, compare, type Figure } from '../figure.ts'
import { PAGE_ITEMS } from '../load/launch-pages.ts'
import { type Polled, pollOnce } from '../load/poll-once.ts'
import { profileOf } from '../options.ts'
import type { PageReaderMethods } from '../processes/page-reader.ts'
import type { PagesMethods } from '../processes/pages.ts'
import { type Process, startProcess } from '../processes/start.ts'

const FEED = 'bench/feeds/launches.ts'

/** Polls in which nothing has changed, beside fetching and parsing the same pages. */
export async function measureUnchanged(bench: Bench): Promise<Figure[]> {
  const { events } = bench.options
  const pages = await startProcess<PagesMethods>('pages')
  try {
    const { port } = await pages.call('listen', undefined)
    const apiOf = (items: number) => `http://127.0.0.1:${port}/${items}`
    const tenth = await memoryOf(bench, Math.ceil(events / 10), apiOf)
    const database = await fill(bench, 'bench_poll', events, apiOf(events))
    const polls: Polled[] = []
    const costs: string[] = []
    const compared = await compare(bench.options.rounds, {
      floor: () => readPages(apiOf(events), events),
      value: async () => {
        const { polled, spent } = await pollAgain(bench, database, apiOf(events))
        polls.push(polled)
        costs.push(spent)
        return events / polled.seconds
      },
    })
    return [speedOf(compared, events, costs), growthOf(polls, events), memoryFigure(polls, tenth, events)]
  } finally {
    await pages.stop()
  }
}

/** The first poll: everything is new. */
async function fill(bench: Bench, name: string, items: number, api: string): Promise<string> {
  const database = await bench.server.make(name)
  const { new: fresh, seconds } = await pollOnce({ feed: FEED, database, api })
  assertSame('what the first poll brought', fresh, items)
  bench.say(`first poll: ${thousands(items / seconds)} new items/s`)
  await bench.server.query(name, 'vacuum analyze')
  await bench.server.settle()
  return database
}

async function pollAgain({ options, server, say }: Bench, database: string, api: string) {
  const { events } = options
  const polled = await pollOnce({
    feed: FEED,
    database,
    api,
    profile: profileOf(options, 'unchanged'),
  })
  const spent = describeCost(polled.cost, events)
  assertSame('what a poll found unchanged', polled.unchanged, events)
  const [counts] = await server.query('bench_poll', 'select count(*) as record from groundstation.record')
  assertSame('the record', counts?.record, events)
  say(
    `unchanged: ${thousands(events / polled.seconds)} items/s; ${spent}; ${Math.max(...polled.rssMib).toFixed(0)} MiB`,
  )
  return { polled, spent }
}

async function readPages(url: string, items: number): Promise<number> {
  const reader: Process<PageReaderMethods> = await startProcess('page-reader')
  const read = await reader.call('read', { url })
  await reader.stop()
  assertSame('what the floor has read', read.items, items)
  return items / read.seconds
}

/** Of a poll a tenth as long. */
async function memoryOf(bench: Bench, items: number, apiOf: (items: number) => string): Promise<Polled> {
  const database = await fill(bench, 'bench_poll_tenth', items, apiOf(items))
  const polled = await pollOnce({ feed: FEED, database, api: apiOf(items) })
  await bench.server.drop('bench_poll_tenth')
  return polled
}

const titleOf = (items: number): string => `${thousands(items)} unchanged items, pages of ${thousands(PAGE_ITEMS)}`

const speedOf = (compared: Compared, items: number, costs: readonly string[]): Figure => ({
  ...compared,
  name: 'unchanged',
  title: `A poll of ${titleOf(items)}`,
  unit: 'items/s',
  floor: { title: 'fetching and parsing the same pages', value: compared.floorValue },
  goal: { least: 0.5 },
  notes: costs,
})

const highest = (values: readonly number[]): number => Math.max(...values)

/** The highest of the last third over that of the second. */
function growthOf(polls: readonly Polled[], items: number): Figure {
  const grown = polls.map(({ rssMib }) => {
    const third = Math.ceil(rssMib.length / 3)
    return highest(rssMib.slice(2 * third)) / highest(rssMib.slice(third, 2 * third))
  })
  return {
    name: 'unchanged memory',
    title: `Resident memory at the end of a poll over that of two thirds of the way; ${titleOf(items)}`,
    unit: 'times',
    value: highest(grown),
    floor: undefined,
    ratio: undefined,
    control: undefined,
    goal: { most: 1.1 },
    notes: polls.map(({ rssMib }) => `${highest(rssMib).toFixed(0)} MiB at most`),
    samples: { floor: [], value: grown },
  }
}

function memoryFigure(polls: readonly Polled[], tenth: Polled, items: number): Figure {
  const value = polls.map(({ rssMib }) => highest(rssMib))
  const floor = highest(tenth.rssMib)
  return {
    name: 'unchanged memory by length',
    title: `Resident memory of a poll, the highest; ${titleOf(items)}`,
    unit: 'MiB',
    value: highest(value),
    floor: { title: 'a poll a tenth as long', value: floor },
    ratio: highest(value) / floor,
    control: undefined,
    goal: undefined,
    notes: [],
    samples: { floor: [floor], value },
  }
}
