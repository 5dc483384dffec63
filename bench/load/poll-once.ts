import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Cost, startCost } from '../cost.ts'
import { rssMibOf } from '../product.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SAMPLE_MS = 500

export type Polled = {
  readonly new: number
  readonly unchanged: number
  readonly isComplete: boolean
  /** As the run itself counts them, from when it has the lease. */
  readonly seconds: number
  /** Resident memory of the process, every so often. */
  readonly rssMib: readonly number[]
  /** From its start to shortly before its end. */
  readonly cost: Cost
}

export type PollOnce = {
  readonly feed: string
  readonly database: string
  readonly api: string
  /** A CPU profile is written to this file. */
  readonly profile?: string | undefined
}

/** `groundstation poll <feed> --once`, as a user types it, in a process of its own. */
export async function pollOnce({ feed, database, api, profile }: PollOnce): Promise<Polled> {
  const flags =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}`, `--cpu-prof-name=${profile}`]
  const child = spawn(process.execPath, [...flags, 'bin/groundstation.mjs', 'poll', feed, '--once', '--json'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: database, BENCH_LAUNCHES_URL: api, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  const exit = once(child, 'exit')
  const pid = child.pid ?? 0
  const costUntilNow = await startCost(pid)
  let cost = await costUntilNow()
  const rssMib: number[] = []
  let isOver = false
  const sampling = (async () => {
    while (!isOver) {
      const mib = await rssMibOf(pid).catch(() => 0)
      const now = await costUntilNow()
      if (mib > 0) rssMib.push(mib)
      if (now.processSeconds !== undefined) cost = now
      await delay(SAMPLE_MS)
    }
  })()
  const [code] = await exit
  isOver = true
  await sampling
  if (code !== 0) throw new Error(`groundstation poll ended: ${code}`)
  const { ms, ...counts } = JSON.parse(await said) as Polled & { readonly ms: number }
  return { ...counts, seconds: ms / 1000, rssMib, cost }
}
