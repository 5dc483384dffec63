import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { rssMibOf } from '../product.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SAMPLE_MS = 250

export type Polled = {
  readonly new: number
  readonly unchanged: number
  readonly isComplete: boolean
  /** As the run itself counts them, from when it has the lease. */
  readonly seconds: number
  /** Resident memory of the process, every so often, and the server's time until then. */
  readonly rssMib: readonly number[]
}

export type PollOnce = {
  readonly feed: string
  readonly database: string
  readonly api: string
  /** A CPU profile is written to this file. */
  readonly profile?: string | undefined
  readonly onStart?: (pid: number) => void
}

/** `groundstation poll <feed> --once`, as a user types it, in a process of its own. */
export async function pollOnce({ feed, database, api, profile, onStart }: PollOnce): Promise<Polled> {
  const flags =
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}`, `--cpu-prof-name=${profile}`]
  const child = spawn(process.execPath, [...flags, 'bin/groundstation.mjs', 'poll', feed, '--once', '--json'], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: database, BENCH_LAUNCHES_URL: api, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  const exit = once(child, 'exit')
  const rssMib: number[] = []
  let isOver = false
  const sampling = (async () => {
    while (!isOver) {
      const mib = await rssMibOf(child.pid ?? 0).catch(() => 0)
      if (mib > 0) rssMib.push(mib)
      await delay(SAMPLE_MS)
    }
  })()
  onStart?.(child.pid ?? 0)
  const [code] = await exit
  isOver = true
  await sampling
  if (code !== 0) throw new Error(`groundstation poll ended: ${code}`)
  const { ms, ...counts } = JSON.parse(await said) as Polled & { readonly ms: number }
  return { ...counts, seconds: ms / 1000, rssMib }
}
