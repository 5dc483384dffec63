/** Events without an identity of their own: each record of the topic is one event, one row, at its partition and offset. */
import type { Violation } from '../faults/checker.ts'
import { statement } from '../faults/observed.ts'
import type { Deployment } from './deployment.ts'
import { type Compression, produce, readAll } from './kafka/records.ts'

let made = 0

/** Produces as many detections, round and round over the partitions; no two are equal. The values. */
export async function produceSeen(
  { brokers, topic, partitions }: Deployment,
  count: number,
  compression: Compression = 'none',
): Promise<string[]> {
  const values = Array.from({ length: count }, () =>
    JSON.stringify({ Year: 2000, Make: 'Ford', Model: `M${made++}`, Category: 'SUV' }),
  )
  await produce(
    brokers,
    topic,
    values.map((value, index) => ({ value, partition: index % partitions })),
    { compression },
  )
  return values
}

/** L, O and F: what is on the topic is what was sent, and each record of it is one event and one row. */
export async function checkPositions(deployment: Deployment, sent: readonly string[]): Promise<Violation[]> {
  const violations: Violation[] = []
  const isSent = new Set(sent)
  // What was sent and taken back is there as well.
  const records = (await readAll(deployment.brokers, deployment.topic)).filter(({ value }) => isSent.has(value ?? ''))
  if (records.length !== sent.length)
    violations.push({ promise: 'L', text: `${records.length} records of ${sent.length} are there` })
  const stored = await statement(
    deployment.databaseUrl,
    `select (s.place ->> 'partition') || ':' || e.source_offset as place, e.raw from groundstation.event e
     left join groundstation.source s on s.id = e.source order by e.recorded, e.position`,
  )
  const byPlace = Map.groupBy(stored, ({ place }) => String(place))
  for (const { partition, offset, value } of records) {
    const place = `${partition}:${offset}`
    const there = byPlace.get(place) ?? []
    if (there.length === 0) violations.push({ promise: 'L', text: `${place} is nowhere` })
    if (there.length > 1) violations.push({ promise: 'O', text: `${place} is there ${there.length} times` })
    if (there.some(({ raw }) => raw !== value)) violations.push({ promise: 'F', text: `${place} is another record` })
  }
  if (stored.length > records.length)
    violations.push({ promise: 'O', text: `${stored.length} events of ${records.length} records` })
  const rows = await statement(
    deployment.databaseUrl,
    'select model, count(*)::int as count from detections group by model',
  )
  for (const { model, count } of rows)
    if (count !== 1) violations.push({ promise: 'O', text: `${model} has ${count} rows` })
  if (rows.length !== new Set(sent).size)
    violations.push({ promise: 'L', text: `${rows.length} rows of ${sent.length} events` })
  return violations
}
