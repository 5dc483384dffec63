import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openEmbedded } from '../src/embedded/index.ts'
import { ADMIN_URL, databaseUrl, makeTemplate, TEMPLATE, withAdmin } from './template.ts'

/** What cleans up when it is over: a test's context, or `{ after }` of node:test for a whole file. */
export type Owner = { after(work: () => Promise<void>): void }

/** A database of its own, migrated and empty; its URL. Dropped at the end, whoever is still connected. */
export async function freshDatabase(owner: Owner): Promise<string> {
  const adminUrl = process.env[ADMIN_URL] ?? (await serverOfThisFile())
  const name = `test_${randomBytes(6).toString('hex')}`
  // Files copied, and not written once more to the log: a quarter of the time.
  await withAdmin(adminUrl, admin => admin.query(`create database ${name} template ${TEMPLATE} strategy file_copy`))
  owner.after(() =>
    withAdmin(adminUrl, async admin => {
      await admin.query(`drop database if exists ${name} with (force)`)
    }),
  )
  return databaseUrl(adminUrl, name)
}

let ownServer: Promise<string> | undefined

/** For a file that is run without `run.ts`: a server that ends with it. */
function serverOfThisFile(): Promise<string> {
  ownServer ??= startOwnServer()
  return ownServer
}

async function startOwnServer(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-tests-'))
  const server = await openEmbedded({ home: join(folder, 'home'), log: () => undefined })
  stopOwnServer = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  await makeTemplate(server.url)
  return server.url
}

// Here, and not where the server is started: that is within a test, which would stop it at its own end.
let stopOwnServer: (() => Promise<void>) | undefined
after(() => stopOwnServer?.())
