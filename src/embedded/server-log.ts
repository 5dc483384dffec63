import { closeSync, constants, openSync } from 'node:fs'
import { copyFile, open, rename, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { giveToOwnerOf } from './account.ts'

const BYTES_MAX = 10 * 1024 * 1024

/** The open log file, for the server's output, and where in it this server begins. `close` it once the server has it. */
export async function openLog(path: string): Promise<{ fd: number; from: number; close: () => void }> {
  if ((await sizeOf(path)) > BYTES_MAX) await rename(path, `${path}.1`)
  // O_APPEND: the file may be cut while the server writes, and it goes on at the new end.
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND
  const fd = openSync(path, flags, 0o600)
  await giveToOwnerOf(dirname(path), path)
  return { fd, from: await sizeOf(path), close: () => closeSync(fd) }
}

/** Keeps the log of a running server bounded. A few lines written in the same moment may be lost. */
export async function boundLog(path: string): Promise<void> {
  if ((await sizeOf(path)) <= BYTES_MAX) return
  await copyFile(path, `${path}.1`)
  await truncate(path, 0)
}

/** What the log says from a position on, 8 kB at most. */
export async function readLogFrom(path: string, from: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(8192), 0, 8192, from)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}
