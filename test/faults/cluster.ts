/**
 * A PostgreSQL server of the test's own, to be killed: one for a test file, started with the settings that a test
 * needs, crashed as a whole (no process of it lives on, none wrote its buffers), and started again on the same port.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { dataArgument, serverAccount } from '../../src/embedded/account.ts'
import { ensureData, type Making } from '../../src/embedded/data-folder.ts'
import { formatUrl } from '../../src/embedded/database-url.ts'
import { prepareHome } from '../../src/embedded/home.ts'
import { hasEntry, isRunning } from '../../src/embedded/process-identity.ts'
import { preparePrograms } from '../../src/embedded/programs.ts'
import { serverEnvironment } from '../../src/embedded/run.ts'
import { copyMadeHome } from '../home-copies.ts'
import { withConnection } from './observed.ts'
import { freePort } from './service.ts'

const START_MS = 30_000

export class Cluster {
  readonly port: number
  readonly #making: Making
  readonly #password: string
  readonly #folder: string
  #child: ChildProcess | undefined
  #databases = 0

  private constructor(making: Making, folder: string, password: string, port: number) {
    this.#making = making
    this.#folder = folder
    this.#password = password
    this.port = port
  }

  static async make(parent = tmpdir()): Promise<Cluster> {
    const folder = await mkdtemp(join(parent, 'groundstation-faults-'))
    await copyMadeHome(join(folder, 'home'))
    const home = await prepareHome(join(folder, 'home'))
    const account = await serverAccount(home.path, home.data)
    const making = { home, account, programs: await preparePrograms(account) }
    const { password } = await ensureData(making)
    return new Cluster(making, folder, password, await freePort())
  }

  url(database = 'postgres', port = this.port): string {
    return formatUrl({ password: this.#password, port }).replace(/\/\w+(\?|$)/, `/${database}$1`)
  }

  /** Where its data lies. */
  get data(): string {
    return this.#making.home.data
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts the server and resolves when it takes connections, after a crash when it has recovered. */
  async start(settings: Readonly<Record<string, string | number>> = {}): Promise<void> {
    const { account, programs, home } = this.#making
    const all = { port: this.port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings }
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(programs.postgres, ['-D', dataArgument(account, home.data), ...args], {
      cwd: home.data,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      ...account,
    })
    this.#child = child
    let said = ''
    child.stderr.on('data', chunk => {
      said = (said + chunk).slice(-5_000)
    })
    const deadline = performance.now() + START_MS
    while (!(await this.answers())) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`PostgreSQL did not start:\n${said}`)
      await delay(20)
    }
  }

  async answers(): Promise<boolean> {
    return withConnection(this.url(), client => client.query('select 1')).then(
      () => true,
      () => false,
    )
  }

  /** Every process of it at once, as when the machine stops: what was not written out of its memory is lost. */
  async crash(): Promise<void> {
    const postmaster = this.#child
    if (postmaster?.pid === undefined || postmaster.exitCode !== null || postmaster.signalCode !== null) return
    const ended = once(postmaster, 'exit')
    // Frozen first, so that it neither starts another process nor tells any to end in order.
    postmaster.kill('SIGSTOP')
    const pids = await childrenOf(postmaster.pid)
    for (const pid of [...pids, postmaster.pid]) if (hasEntry(pid)) process.kill(pid, 'SIGKILL')
    await ended
    while (pids.some(isRunning)) await delay(5)
  }

  /** The postmaster alone, with -9: its backends notice, or don't. */
  async killPostmaster(): Promise<void> {
    const postmaster = this.#child
    if (postmaster?.pid === undefined) return
    const pids = await childrenOf(postmaster.pid)
    const ended = once(postmaster, 'exit')
    postmaster.kill('SIGKILL')
    await ended
    // PostgreSQL refuses to start beside them; they leave as soon as they wait for their client.
    while (pids.some(isRunning)) await delay(5)
  }

  /** All of its processes stopped where they are, for as long as `work` takes. */
  async frozen(work: () => Promise<void>): Promise<void> {
    const pids = [this.pid, ...(await childrenOf(this.pid))].filter(isRunning)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    try {
      await work()
    } finally {
      for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGCONT')
    }
  }

  /** A server on a copy of this one's folder. */
  async onCopy(folder: string): Promise<Cluster> {
    const making = { ...this.#making, home: await prepareHome(join(folder, 'home')) }
    return new Cluster(making, folder, this.#password, await freePort())
  }

  /** The folder that `remove` removes. */
  get folder(): string {
    return this.#folder
  }

  async newDatabase(): Promise<string> {
    const name = `faults_${++this.#databases}`
    await withConnection(this.url(), client => client.query(`create database ${name}`))
    return this.url(name)
  }

  async remove(): Promise<void> {
    await this.crash()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** The processes whose parent is this one (Linux). */
export async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) children.push(Number(name))
  }
  return children
}
