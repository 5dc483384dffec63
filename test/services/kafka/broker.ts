/** A Kafka of the test's own: one process that is the whole cluster, to be killed, frozen and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answers } from './client.ts'
import { type Guard, guard } from './guard.ts'
import { kafkaLibrary } from './library.ts'
import { freePort } from './ports.ts'
import { runProgram } from './program.ts'
import { type Properties, serverProperties } from './properties.ts'
import { type Listener, type Security, securedListener } from './secured.ts'

export type BrokerOptions = {
  /** On top of those in properties.ts. */
  readonly properties?: Properties
  /** A second listener, which asks for what is given here. */
  readonly secured?: Security
}

const READY_MS = 90_000
const STOP_MS = 20_000

/** Less of a start's work, for these processes live for seconds and share two cores; and nothing left lying about. */
const JAVA = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Djava.io.tmpdir=.']

/** Makes a broker and resolves when it answers. Whoever asks for it stops it: `t.after(() => broker.stop())`. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const library = await kafkaLibrary()
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-kafka-'))
  const ended = guard(folder)
  try {
    const secured = options.secured && (await securedListener(folder, options.secured))
    const ports = { plain: await freePort(), controller: await freePort() }
    const text = serverProperties(join(folder, 'data'), ports, secured, options.properties ?? {})
    await writeFile(join(folder, 'server.properties'), text)
    const classes = ['-cp', join(library, '*')]
    const format = ['kafka.tools.StorageTool', 'format', '-c', 'server.properties', `--cluster-id=${clusterId()}`]
    await runProgram('java', [...JAVA, ...classes, ...format, ...(secured?.formatArguments ?? [])], folder)
    const broker = new Broker(`127.0.0.1:${ports.plain}`, secured, { folder, classes, guard: ended })
    await broker.restart()
    return broker
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    ended.end()
    throw error
  }
}

const clusterId = () => randomBytes(16).toString('base64url')

type Place = { readonly folder: string; readonly classes: readonly string[]; readonly guard: Guard }

export class Broker {
  /** `127.0.0.1:port`, in plain text, for everyone. */
  readonly brokers: string
  /** The other listener, where one was asked for. */
  readonly secured: Pick<Listener, 'brokers' | 'ca'> | undefined
  readonly #place: Place
  #child: ChildProcess | undefined

  constructor(brokers: string, secured: Listener | undefined, place: Place) {
    this.brokers = brokers
    this.secured = secured
    this.#place = place
  }

  /** 0 while it is down. */
  get pid(): number {
    return this.#isRunning ? (this.#child?.pid ?? 0) : 0
  }

  /** With -9: what it wrote is with the system, and there again after a restart. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stops it where it is: its connections stay open, and nothing answers. */
  freeze(): void {
    if (this.#isRunning) this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    if (this.#isRunning) this.#child?.kill('SIGCONT')
  }

  /** Starts it on the same port and data; in order where it still runs. Resolves when it answers. */
  async restart(): Promise<void> {
    this.thaw()
    await this.#end('SIGTERM')
    await this.#launch()
  }

  /** For good; its data goes too. */
  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#place.folder, { recursive: true, force: true, maxRetries: 10 })
    this.#place.guard.end()
  }

  /** Where its data, its settings and its log lie. */
  get folder(): string {
    return this.#place.folder
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #launch(): Promise<void> {
    const { folder, classes, guard } = this.#place
    const log = await open(join(folder, 'log'), 'a')
    const child = spawn('java', ['-Xmx512m', ...JAVA, ...classes, 'kafka.Kafka', 'server.properties'], {
      cwd: folder,
      stdio: ['ignore', log.fd, log.fd],
      // Ctrl-C is for the tests, which end their brokers themselves.
      detached: true,
    })
    this.#child = child
    child.unref()
    child.once('exit', () => guard.watch(undefined))
    guard.watch(child.pid)
    await log.close()
    await this.#ready()
  }

  async #ready(): Promise<void> {
    const deadline = performance.now() + READY_MS
    while (!(await answers(this.brokers))) {
      if (!this.#isRunning || performance.now() > deadline) {
        await this.kill()
        const said = await readFile(join(this.#place.folder, 'log'), 'utf8')
        throw new Error(`Kafka did not start:\n${said.slice(-5_000)}`)
      }
      await delay(50)
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.#isRunning) return
    const ended = once(child, 'exit')
    // Nothing else may be left that keeps this process waiting for the end.
    child.ref()
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await ended
    clearTimeout(late)
  }
}
