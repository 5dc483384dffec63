/** Trino's server with the connectors that are tested, downloaded once by Maven into a cache outside of the checkout. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, statfs } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { runProgram } from '../kafka/program.ts'
import { CACHE } from './cache.ts'
import { hasPip, JAVA_MIN, newJava } from './java.ts'

const VERSION = '476'
const NAME = `trino-server-${VERSION}`
/** Of these, `geospatial` has a type that `postgresql` asks for. */
const PLUGINS = ['geospatial', 'kafka', 'mongodb', 'postgresql']
const FOLDER = join(CACHE, `trino-${VERSION}`)

/** The archive in a Maven repository. */
const ARCHIVE = join('io/trino/trino-server', VERSION, `${NAME}.tar.gz`)
const USUAL_ARCHIVE = join(homedir(), '.m2/repository', ARCHIVE)

/** While it is unpacked: the archive and all of its connectors. What is kept takes a tenth of it. */
const BYTES_NEEDED = 2.5 * 2 ** 30

/**
 * Why these tests can't run here, as node:test's `skip` takes it: false where nothing is missing. In CI that is an error,
 * for there a test that is skipped looks like one that passed.
 */
export async function trinoMissing(): Promise<string | false> {
  const reason = await missing()
  if (reason !== false && process.env.CI) throw new TypeError(`CI is set, and so no test may be skipped: ${reason}.`)
  return reason
}

async function missing(): Promise<string | false> {
  if (process.platform === 'win32') return "Trino doesn't run on Windows"
  if ((await newJava()) === undefined && !(await hasPip()))
    return `Trino needs Java ${JAVA_MIN} or later, which is not there, and no pip to download it`
  if (existsSync(FOLDER)) return false
  const canDownload = await runProgram('mvn', ['-version']).catch(() => undefined)
  if (canDownload === undefined) return 'Trino is downloaded by Maven, which is not there'
  await mkdir(CACHE, { recursive: true })
  const { bavail, bsize } = await statfs(CACHE)
  return bavail * bsize < BYTES_NEEDED ? `Trino needs 2.5 GiB of room in ${CACHE} to be unpacked` : false
}

/** The folder with `lib` and `plugin`; downloads them where they are not there yet. */
export async function trinoLibrary(): Promise<string> {
  if (existsSync(FOLDER)) return FOLDER
  await mkdir(dirname(FOLDER), { recursive: true })
  const work = await mkdtemp(`${FOLDER}-`)
  try {
    const archive = existsSync(USUAL_ARCHIVE) ? USUAL_ARCHIVE : await download(join(work, 'repository'))
    const all = join(work, 'all')
    await mkdir(all)
    // Connectors share files by links, so they are unpacked together, and then the most of them go.
    await runProgram('tar', ['xzf', archive, '-C', all, '--strip-components=1', `${NAME}/lib`, `${NAME}/plugin`])
    const kept = join(work, 'kept')
    await mkdir(join(kept, 'plugin'), { recursive: true })
    for (const part of ['lib', ...PLUGINS.map(plugin => `plugin/${plugin}`)])
      await rename(join(all, part), join(kept, part))
    await rename(kept, FOLDER).catch(error => {
      // Another process was first; its files are the same.
      if (!existsSync(FOLDER)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return FOLDER
}

/** Into a repository of its own: Maven's usual one doesn't bear two that write to it at once. */
async function download(repository: string): Promise<string> {
  const artifact = `-Dartifact=io.trino:trino-server:${VERSION}:tar.gz`
  const options = ['-q', '-B', `-Dmaven.repo.local=${repository}`, '-Dtransitive=false', artifact]
  await runProgram('mvn', [...options, 'dependency:get'])
  return join(repository, ARCHIVE)
}
