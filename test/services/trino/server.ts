/** A Trino of the test's own, in one process, over the catalogs that it is given. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Owner } from '../../database.ts'
import { guard } from '../kafka/guard.ts'
import { freePort } from '../kafka/ports.ts'
import { javaForTrino } from './java.ts'
import { trinoLibrary } from './library.ts'

export type TrinoOptions = {
  /** Fills the folder that is Trino's etc. */
  readonly configure: (etc: string) => Promise<void>
  /** What the catalogs read from the environment. */
  readonly env: Readonly<Record<string, string>>
}

const READY_MS = 180_000

/** Less of a start's work, for it lives for seconds and shares two cores; and nothing left lying about. */
const JAVA = ['-Xmx1500m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData', '-Djava.io.tmpdir=.']

/** Resolves with its URL when it takes queries. Stopped with its owner. */
export async function startTrino(owner: Owner, { configure, env }: TrinoOptions): Promise<string> {
  const [java, library] = [await javaForTrino(), await trinoLibrary()]
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-trino-'))
  const ended = guard(folder)
  let child: ChildProcess | undefined
  owner.after(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.ref()
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    ended.end()
  })
  const etc = join(folder, 'etc')
  await mkdir(etc)
  await configure(etc)
  const port = await freePort()
  await writeFile(join(etc, 'config.properties'), configuration(port))
  const log = await open(join(folder, 'log'), 'a')
  child = spawn(java, [...JAVA, ...settings(folder, library), 'io.trino.server.TrinoServer'], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', log.fd, log.fd],
    // Ctrl-C is for the tests, which end their servers themselves.
    detached: true,
  })
  child.unref()
  child.once('exit', () => ended.watch(undefined))
  ended.watch(child.pid)
  await log.close()
  await ready(child, port, join(folder, 'log'))
  return `http://127.0.0.1:${port}`
}

const configuration = (port: number) =>
  [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    `http-server.http.port=${port}`,
    `discovery.uri=http://127.0.0.1:${port}`,
    'http-server.log.enabled=false',
    'catalog.management=static',
    '',
  ].join('\n')

/** What Trino's launcher would make of its files. */
const settings = (folder: string, library: string): string[] => [
  '-Dnode.environment=test',
  '-Dnode.bind-ip=127.0.0.1',
  '-Dnode.internal-address=127.0.0.1',
  `-Dnode.data-dir=${join(folder, 'data')}`,
  `-Dplugin.dir=${join(library, 'plugin')}`,
  '-Dconfig=etc/config.properties',
  '-Dcatalog.config-dir=etc/catalog',
  '-cp',
  join(library, 'lib', '*'),
]

async function ready(child: ChildProcess, port: number, log: string): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (!(await isReady(port))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline)
      throw new Error(`Trino did not start:\n${faultsIn(await readFile(log, 'utf8'))}`)
    await delay(100)
  }
}

/** Its log tells where it was at great length; what went wrong stands at the beginning of it. */
const faultsIn = (log: string): string => {
  const at = log.search(/\tERROR\t|^Exception|^Error/m)
  return at === -1 ? log.slice(-3_000) : log.slice(at, at + 3_000)
}

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/info`, { signal: AbortSignal.timeout(5_000) })
    return ((await answer.json()) as { starting?: boolean }).starting === false
  } catch {
    return false
  }
}
