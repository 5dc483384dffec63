/** A service as a process of its own: started, killed with -9, stopped in order. It ends by its process id, at the latest with its test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

export type ServiceOptions = {
  /** Absent: the embedded database in `GROUNDSTATION_HOME`. */
  readonly databaseUrl?: string
  /** The folder of the source: the project's own, or a copy with a planted bug. */
  readonly root?: string
  /** The whole program, the engine behind the smallest of servers, or a feed's outputs alone. */
  readonly program?: keyof typeof SCRIPTS
  /** What stands behind `start`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const SCRIPTS = {
  start: 'bin/groundstation.mjs',
  engine: 'test/faults/child.ts',
  outputs: 'test/services/outputs/child.ts',
} as const

const READY_MS = 60_000

export class Service {
  readonly port: number
  readonly #options: ServiceOptions
  #child: ChildProcess | undefined
  #output = ''
  #isRetired = false

  constructor(port: number, options: ServiceOptions) {
    this.port = port
    this.#options = options
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it said on standard output and error. */
  get output(): string {
    return this.#output
  }

  /** Resolves when it takes events. */
  async start(): Promise<void> {
    this.launch()
    const deadline = performance.now() + READY_MS
    while ((await this.readiness()) !== 200) {
      if (!this.isRunning) throw new Error(`the service ended at its start:\n${this.#output}`)
      if (performance.now() > deadline) throw new Error(`the service was not ready in time:\n${this.#output}`)
      await delay(20)
    }
  }

  /** Starts the process and waits for nothing: for a kill while it starts. */
  launch(): void {
    const { databaseUrl, root = PROJECT, env, program = 'start', args = [] } = this.#options
    if (this.#isRetired) throw new Error('the test is over')
    const given = program === 'start' ? ['start', ...args] : args
    const child = spawn(process.execPath, [join(root, SCRIPTS[program]), ...given], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...cleanEnvironment(),
        PORT: String(this.port),
        ...(root === PROJECT ? {} : { NODE_COMPILE_CACHE: join(root, '.cache') }),
        ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
        ...env,
      },
    })
    this.#child = child
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-20_000)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
  }

  /** The status of /health/ready; undefined where nobody answers. */
  async readiness(): Promise<number | undefined> {
    return (await this.health()).status
  }

  /** The same with what it says. */
  async health(): Promise<{ readonly status: number | undefined; readonly text: string }> {
    const asked = fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(5_000) })
    const answer = await asked.catch(() => undefined)
    return { status: answer?.status, text: (await answer?.text().catch(() => undefined)) ?? '' }
  }

  /** Stops it where it is: its connections stay open, and it does nothing. */
  freeze(): void {
    if (this.isRunning) this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    if (this.isRunning) this.#child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    await this.stop('SIGKILL')
  }

  /** Kills it for good: whoever would start it again is told. */
  async retire(): Promise<void> {
    this.#isRetired = true
    await this.kill()
  }

  /** Sends the signal and waits for the end; the exit code, null where the signal ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }

  /** Its open files and sockets (Linux). */
  async handles(): Promise<number> {
    const folder = `/proc/${this.pid}/fd`
    return existsSync(folder) ? (await readdir(folder)).length : 0
  }
}

/** The user's own settings are not the test's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, PORT: __, GROUNDSTATION_HOME: ___, NODE_TEST_CONTEXT: ____, ...rest } = process.env
  return rest
}

export async function newService(
  t: { after(work: () => Promise<void>): void },
  options: ServiceOptions,
): Promise<Service> {
  const service = new Service(await freePort(), options)
  t.after(() => service.retire())
  return service
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
