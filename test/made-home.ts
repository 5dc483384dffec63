/** Homes of the embedded server that were made and used before, at rest. Making one takes a second, a copy of it none. */
import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../src/embedded/database-url.ts'
import { openEmbedded } from '../src/embedded/index.ts'

/** Where `run.ts` says which home the others are copies of. */
export const MADE_HOME = 'GROUNDSTATION_TEST_MADE_HOME'

export async function makeHome(home: string): Promise<void> {
  const server = await openEmbedded({ home, log: () => undefined })
  await server.stop()
}

/** A copy with a port of its own: whoever starts its server again finds the port free. */
export async function anotherHome(from: string, to: string): Promise<void> {
  await copyHome(from, to)
  const file = join(to, 'database-url')
  const url = new URL((await readFile(file, 'utf8')).trim())
  url.port = String(await freePort())
  await writeFile(file, `${url.href}\n`)
}

/** Copies a home as the system's own tools do; under root what was the server's user's becomes root's. */
export async function copyHome(from: string, to: string): Promise<void> {
  if (process.platform === 'win32') await cp(from, to, { recursive: true })
  else await promisify(execFile)('cp', ['-R', from, to])
}
