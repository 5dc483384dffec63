import { type Bench, thousands } from '../bench.ts'
import { type Compared, compareWith, type Figure } from '../figure.ts'
import { PARTITIONS, type RecordTraffic } from '../load/records.ts'
import type { CopyMethods } from '../processes/copy.ts'
import { startProcess } from '../processes/start.ts'
import { BATCH } from './bare-copy.ts'
import { type Cluster, withCluster } from './cluster.ts'
import { fillTopic } from './fill-topic.ts'
import { type Reading, readTopic } from './read-topic.ts'
import { consumeTopic, copyTable } from './worker-floors.ts'

const KEYS = 1_000
const IMPATIENT = 'bench/load/impatient-rockets.ts'

/** Catching up on a topic, beside what anybody's consumer could do with it, and beside a bare COPY of one table. */
export function measureWorker(bench: Bench): Promise<Figure[]> {
  return withCluster(bench, async cluster => {
    const { events, rounds, writers } = bench.options
    const traffic = { seed: 1, events, keys: KEYS }
    const copy = await startProcess<CopyMethods>('copy')
    try {
      const { topic, bytesEach } = await fillTopic(bench, cluster, traffic)
      // The first run makes the rows that the consumer copies.
      await readTopic(bench, cluster, { topic, events })
      await copy.call('encode', { traffic, connections: writers, batch: BATCH })
      const readings: Reading[] = []
      const compared = await compareWith(rounds, {
        floors: {
          consumer: () => consumeTopic(bench, cluster, { topic, events }),
          table: () => copyTable(bench, copy),
        },
        value: async () => {
          const reading = await readTopic(bench, cluster, { topic, events })
          readings.push(reading)
          return events / reading.seconds
        },
      })
      await cluster.dropTopic(topic)
      const notes = [
        `events of ${bytesEach.toFixed(0)} bytes; each process new, on both sides, and the clock from the first event on the record to the last`,
        ...readings.map(noteOf),
        await readDisturbed(bench, cluster, traffic),
      ]
      return [
        figureOf(
          bench,
          'kafka',
          `a consumer that parses the JSON and COPYs the same rows, ${writers} connections`,
          compared.consumer,
          notes,
        ),
        figureOf(bench, 'kafka table', `bare COPY of one keyed table, ${writers} connections`, compared.table, []),
      ]
    } finally {
      await copy.stop()
    }
  })
}

function figureOf(
  { options }: Bench,
  name: string,
  floor: string,
  compared: Compared,
  notes: readonly string[],
): Figure {
  const load = `${thousands(options.events)} events, ${PARTITIONS} partitions, ${thousands(KEYS)} keys`
  return {
    ...compared,
    name,
    title: `Kafka to PostgreSQL, ordered, deduplicated, with state; ${load}`,
    unit: 'events/s',
    floor: { title: floor, value: compared.floorValue },
    goal: { least: 0.5 },
    notes,
  }
}

const noteOf = ({ spent, rssMib }: Reading): string =>
  `${spent}; ${rssMib.atThird.toFixed(0)} MiB resident at a third, ${rssMib.atEnd.toFixed(0)} MiB at the end`

/** What a gateway leaves in a topic after a bad day: in disorder, a tenth twice, with headers. Holes last for a second. */
async function readDisturbed(bench: Bench, cluster: Cluster, traffic: RecordTraffic): Promise<string> {
  const { topic, records } = await fillTopic(bench, cluster, { ...traffic, isDisturbed: true }, { hasHeaders: true })
  const { events } = traffic
  const { seconds } = await readTopic(bench, cluster, { topic, events, feed: IMPATIENT, name: 'disturbed' })
  await cluster.dropTopic(topic)
  return `shuffled within 300, a tenth twice, with two headers: ${thousands(events / seconds)} events/s, ${thousands(records / seconds)} records/s; gaps.wait of a second on a backlog an hour old released nothing`
}
