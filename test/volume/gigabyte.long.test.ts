/** A gigabyte of NDJSON, posted and ingested: the process's memory is flat once it has warmed up. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { generateRockets } from '../../simulators/rockets/generate.ts'
import { jsonOf, simulateRockets } from '../../simulators/rockets/index.ts'
import { freshDatabase } from '../database.ts'
import { newService, PROJECT } from '../faults/service.ts'

const EVENTS = Number(process.env.VOLUME_EVENTS ?? 5_000_000)
const skip = process.platform !== 'linux' && 'reads the memory of a process from /proc'

const residentBytes = (pid: number): number => {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]
  return Number(pages) * 4096
}

/** Memory as it was read while something was going on; the first third is for warming up. */
class Memory {
  readonly #samples: number[] = []
  readonly #pid: number

  constructor(pid: number) {
    this.#pid = pid
  }

  look(): void {
    this.#samples.push(residentBytes(this.#pid))
  }

  assertFlat(t: { diagnostic(message: string): void }): void {
    const third = Math.floor(this.#samples.length / 3)
    const middle = Math.max(...this.#samples.slice(third, 2 * third))
    const last = Math.max(...this.#samples.slice(2 * third))
    t.diagnostic(
      `${Math.round(middle / 2 ** 20)} MiB at most in the second third, ${Math.round(last / 2 ** 20)} in the last`,
    )
    assert.ok(third > 3, 'too short to tell')
    assert.ok(last < middle * 1.2, 'memory grows with what was sent')
    assert.ok(last < 700 * 2 ** 20, 'more than 700 MiB')
  }
}

test('a gigabyte posted as one body', { skip }, async t => {
  const service = await newService(t, { databaseUrl: await freshDatabase(t) })
  await service.start()
  const memory = new Memory(service.pid)
  const traffic = { seed: 7, rockets: 1_000, maxMessages: EVENTS, disorder: 300, duplicates: 0.02 }
  const { report } = await simulateRockets({
    ...traffic,
    url: `${service.url}/messages`,
    ndjson: true,
    onProgress: () => memory.look(),
  })
  assert.equal(report.rejected, 0)
  const feeds = (await (await fetch(`${service.url}/feeds`)).json()) as {
    data: { name: string; events: number; held: number }[]
  }
  const rockets = feeds.data.find(feed => feed.name === 'rockets')
  assert.deepEqual([rockets?.events, rockets?.held], [EVENTS, 0])
  memory.assertFlat(t)
})

test('a gigabyte ingested from standard input', { skip }, async t => {
  const child = spawn(process.execPath, [join(PROJECT, 'bin/groundstation.mjs'), 'ingest', 'rockets', '-', '--json'], {
    cwd: PROJECT,
    env: { ...process.env, DATABASE_URL: await freshDatabase(t) },
  })
  t.after(() => child.kill('SIGKILL'))
  const memory = new Memory(child.pid ?? 0)
  let said = ''
  child.stdout.on('data', piece => {
    said += piece
  })
  const closed = once(child, 'close')
  let chunk = ''
  let chunks = 0
  for (const event of generateRockets({ seed: 8, rockets: 1_000, maxMessages: EVENTS })) {
    chunk += `${jsonOf(event)}\n`
    if (chunk.length < 65_536) continue
    if (!child.stdin.write(chunk)) await once(child.stdin, 'drain')
    chunk = ''
    if (++chunks % 20 === 0) memory.look()
  }
  child.stdin.end(chunk)
  const [code] = await closed
  assert.equal(code, 0)
  assert.equal(JSON.parse(said).accepted, EVENTS)
  memory.assertFlat(t)
})
