/** Kafka's own jars, downloaded once by Maven into a cache outside of the checkout. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './program.ts'

const POM = join(import.meta.dirname, 'pom.xml')
const JAVA_MIN = 17

/**
 * Why these tests can't run here, as node:test's `skip` takes it: false where nothing is missing. In CI that is an error,
 * for there a test that is skipped looks like one that passed.
 */
export async function kafkaMissing(): Promise<string | false> {
  const reason = await missing()
  if (reason !== false && process.env.CI) throw new TypeError(`CI is set, and so no test may be skipped: ${reason}.`)
  return reason
}

async function missing(): Promise<string | false> {
  if (process.platform === 'win32') return 'brokers are killed and frozen by the signals of Unix'
  const said = await runProgram('java', ['-version']).catch(() => undefined)
  if (said === undefined) return 'Kafka needs Java, which is not there'
  const version = Number(/version "(\d+)/.exec(said)?.[1])
  if (version < JAVA_MIN) return `Kafka needs Java ${JAVA_MIN} or later, and this is ${version}`
  if (existsSync(await libraryFolder())) return false
  const canDownload = await runProgram('mvn', ['-version']).catch(() => undefined)
  return canDownload === undefined ? 'Kafka is downloaded by Maven, which is not there' : false
}

/** The folder of the jars; downloads them where they are not there yet. */
export async function kafkaLibrary(): Promise<string> {
  const folder = await libraryFolder()
  if (existsSync(folder)) return folder
  await mkdir(join(folder, '..'), { recursive: true })
  const fresh = await mkdtemp(`${folder}-`)
  // A repository of its own: Maven's usual one doesn't bear two that write to it at once.
  const repository = await mkdtemp(join(tmpdir(), 'groundstation-maven-'))
  try {
    const options = ['-q', '-B', '-f', POM, `-Dmaven.repo.local=${repository}`, `-DoutputDirectory=${fresh}`]
    await runProgram('mvn', [...options, 'dependency:copy-dependencies'])
    await rename(fresh, folder).catch(error => {
      // Another process was first; its jars are the same.
      if (!existsSync(folder)) throw error
    })
  } finally {
    for (const left of [fresh, repository]) await rm(left, { recursive: true, force: true })
  }
  return folder
}

async function libraryFolder(): Promise<string> {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(await readFile(POM, 'utf8'))?.[1] ?? 'unknown'
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return join(cache, 'groundstation', `kafka-${version}`, 'lib')
}
