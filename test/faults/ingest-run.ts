/** `ingest` of a file, killed with -9 in the middle, again and again, until a run comes through: each line once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Random } from '../../simulators/rockets/random.ts'
import type { Violation } from './checker.ts'
import { withConnection } from './observed.ts'
import { PROJECT } from './service.ts'

export type IngestOptions = {
  readonly databaseUrl: string
  readonly folder: string
  readonly lines: number
  readonly kills: number
  readonly random: Random
  readonly root?: string
}

const MAKES = ['Ford', 'Opel', 'Skoda', 'Fiat']

/** Few different lines, so that most are there many times: equal lines are events of their own. */
function detection(random: Random): string {
  const make = MAKES[random.below(MAKES.length)]
  return JSON.stringify({ Year: 2000 + random.below(20), Make: make, Model: `M${random.below(5)}`, Category: 'SUV' })
}

export async function ingestRun(options: IngestOptions): Promise<Violation[]> {
  const { folder, lines, kills, random, databaseUrl } = options
  const file = join(folder, 'detections.ndjson')
  const sent = Array.from({ length: lines }, () => detection(random))
  await writeFile(file, `${sent.join('\n')}\n`)
  for (let kill = 0; kill < kills; kill++) {
    const ingest = await withConnection(databaseUrl, async client => {
      const before = await countStored(client)
      const started = startIngest(options, file)
      while (started.child.exitCode === null && (await countStored(client)) === before) await delay(2)
      return started
    })
    await delay(random.below(30))
    ingest.child.kill('SIGKILL')
    await ingest.exit
  }
  const { child, exit } = startIngest(options, file)
  await exit
  const violations: Violation[] = []
  if (child.exitCode !== 0) violations.push({ promise: 'R', text: `the last ingest left with ${child.exitCode}` })
  return [...violations, ...(await checkFile(databaseUrl, sent))]
}

function startIngest({ databaseUrl, root = PROJECT }: IngestOptions, file: string) {
  const { GROUNDSTATION_HOME: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const child = spawn(process.execPath, [join(root, 'bin/groundstation.mjs'), 'ingest', 'detections', file], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, DATABASE_URL: databaseUrl },
  })
  return { child, exit: once(child, 'exit') }
}

async function countStored(client: Client): Promise<number> {
  const { rows } = await client.query<{ made: boolean }>(`select to_regclass('detections') is not null as made`)
  if (rows[0]?.made !== true) return 0
  const counted = await client.query<{ count: number }>('select count(*)::int as count from detections')
  return counted.rows[0]?.count ?? 0
}

const FEED = `(select id from groundstation.feed where name = 'detections')`

/** Offsets 0, 1, 2 … each once and in its line's place, the table row for row, the log's next offset behind the last. */
async function checkFile(databaseUrl: string, sent: readonly string[]): Promise<Violation[]> {
  return withConnection(databaseUrl, async client => {
    const violations: Violation[] = []
    const record = await client.query<{ at: number; raw: string }>(
      `select source_offset::float8 as at, raw from groundstation.event where feed = ${FEED} order by source_offset, position`,
    )
    const byOffset = Map.groupBy(record.rows, ({ at }) => at)
    for (const [at, line] of sent.entries()) {
      const there = byOffset.get(at) ?? []
      if (there.length === 0) violations.push({ promise: 'L', text: `line ${at} is nowhere: ${line}` })
      if (there.length > 1) violations.push({ promise: 'O', text: `line ${at} is there ${there.length} times` })
      if (there.some(({ raw }) => raw !== line)) violations.push({ promise: 'F', text: `line ${at} is another line` })
    }
    const table = await client.query<{ text: string }>(
      `select year || '/' || make || '/' || model || '/' || category as text from detections`,
    )
    const lines = sent.map(line => Object.values(JSON.parse(line) as Record<string, unknown>).join('/'))
    const counts = new Map<string, number>()
    for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
    for (const { text } of table.rows) counts.set(text, (counts.get(text) ?? 0) - 1)
    for (const [text, count] of counts)
      if (count !== 0) violations.push({ promise: count > 0 ? 'L' : 'O', text: `${text} is off by ${-count} rows` })
    const source = await client.query<{ next: number }>(
      `select next_offset::float8 as next from groundstation.source where feed = ${FEED}`,
    )
    const nexts = source.rows.map(({ next }) => next).join(', ')
    if (nexts !== String(sent.length)) violations.push({ promise: 'C', text: `the log goes on at ${nexts}` })
    return violations
  })
}
