import { randomBytes, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { GroundstationError } from '../errors.ts'

export const ROLE = 'groundstation'
export const DATABASE = 'groundstation'
const HOST = '127.0.0.1'

/** Below the ranges from which systems take ports for outgoing connections, so that ours is still free next time. */
const PORTS = { from: 20_000, to: 32_000 }

export type Connection = { readonly password: string; readonly port: number }

/** What psql takes. */
export function formatUrl({ password, port }: Connection): string {
  return `postgresql://${ROLE}:${password}@${HOST}:${port}/${DATABASE}`
}

/** The password and port in the file; undefined when there is no file. Raises EMBEDDED_FOREIGN for one that isn't ours. */
export async function readUrl(file: string): Promise<Connection | undefined> {
  const text = await readFile(file, 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const match = /^postgresql:\/\/groundstation:([A-Za-z0-9_-]{32,})@127\.0\.0\.1:(\d+)\/groundstation\s*$/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new GroundstationError(
      'EMBEDDED_FOREIGN',
      `${file} doesn't hold the URL that was written there: put the file back as it was, or move it away together with the folder postgres beside it to begin with an empty database`,
    )
  }
  return { password: match[1], port: Number(match[2]) }
}

/** 32 random bytes, in letters that need no escaping in a URL. */
export function newPassword(): string {
  return randomBytes(32).toString('base64url')
}

/** A port on the loopback address that is free now. Nobody keeps it until the server has taken it. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (await isFree(port)) return port
  }
  throw new GroundstationError('EMBEDDED_FAILED', `no free port between ${PORTS.from} and ${PORTS.to} on ${HOST}`)
}

/** Whether nobody listens on the port of the loopback address. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
