import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GroundstationError } from '../errors.ts'
import { asFault, prepareHome, writePrivate } from './home.ts'
import { withLock } from './lock.ts'

const BYTES = 32

/** The secret that the home keeps; made where there is none. Raises EMBEDDED_FAILED, EMBEDDED_FOREIGN. */
export async function keptSecret(folder: string): Promise<string> {
  const home = await prepareHome(folder)
  const file = join(home.path, 'secret')
  try {
    // Of two that start at once one makes it.
    return (await read(file)) ?? (await withLock(join(home.locks, 'secret'), {}, () => readOrMake(file)))
  } catch (error) {
    throw asFault(error, home.path)
  }
}

async function readOrMake(file: string): Promise<string> {
  const found = await read(file)
  if (found !== undefined) return found
  const secret = randomBytes(BYTES).toString('base64url')
  await writePrivate(file, `${secret}\n`)
  return secret
}

async function read(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined || Buffer.byteLength(text.trim()) >= BYTES) return text?.trim()
  throw new GroundstationError(
    'EMBEDDED_FOREIGN',
    `${file} doesn't hold the secret that was written there: remove it, and a new one is made; tokens of users end`,
  )
}
