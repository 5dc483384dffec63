import { open, rename, rm } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.ts'

const MIB = 1024 * 1024

/** Only over the loopback address, only with the password. The file PostgreSQL makes itself would trust local users. */
export const HOST_RULES = `# Written by Groundstation when the database was made.
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`

/** The line that postgresql.conf ends with. */
export const INCLUDE_LINE = "\ninclude_if_exists = 'groundstation.conf'\n"

/**
 * groundstation.conf, written anew at each start, for steady writing on a machine of two cores and more.
 * `ALTER SYSTEM` has the last word, so a user's own setting stays.
 */
export function serverSettings(memoryBytes = totalmem()): string {
  const sharedBuffersMib = Math.max(32, Math.min(256, Math.floor(memoryBytes / 8 / MIB)))
  return `# Written by Groundstation at each start. For a setting of your own: ALTER SYSTEM SET name = value.
# An acknowledged event is on the disk:
fsync = on
full_page_writes = on
synchronous_commit = on

max_connections = 60
shared_buffers = ${sharedBuffersMib}MB
password_encryption = scram-sha-256
timezone = 'UTC'
# Long stretches of writing between checkpoints:
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
# Many small statements gain nothing from compiling them:
jit = off

# The log goes to server.log in the home. No statement and no DETAIL: they carry payloads and passwords.
logging_collector = off
log_destination = 'stderr'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_statement = 'none'
log_min_error_statement = panic
log_error_verbosity = terse
`
}

/** Writes groundstation.conf. Under root by its handle, never by its path: the folder is the server's user's. */
export async function writeSettings(folder: string, account: Account | undefined): Promise<void> {
  const path = join(folder, 'groundstation.conf')
  const draft = `${path}.draft`
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(serverSettings())
    if (account !== undefined) await file.chown(account.uid, account.gid)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
