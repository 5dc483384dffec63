import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { newClaim } from '../../src/embedded/claim.ts'
import { countUsers, dropLease, takeLease } from '../../src/embedded/lease.ts'
import { removeDeadDrafts, withLock } from '../../src/embedded/lock.ts'

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-lock-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** What a process of this id left that started at another time: its id has been given to us since. */
async function claimOfDeadNamesake(folder: string): Promise<string> {
  const [pid, , place, ...nonce] = (await newClaim(folder)).split('-')
  return [pid, '1b00000000', place, ...nonce].join('-')
}

test('a dead holder’s lock is broken, by one of many who try at once', async t => {
  const folder = await newFolder(t)
  const lock = join(folder, 'server')
  for (let round = 0; round < 5; round += 1) {
    await writeFile(lock, await claimOfDeadNamesake(folder))
    await writeFile(`${lock}.break`, await claimOfDeadNamesake(folder))
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      for (let turns = 0; turns < 5; turns += 1) await turn()
      inside -= 1
    }
    await Promise.all(Array.from({ length: 8 }, () => withLock(lock, {}, work)))
    assert.equal(most, 1)
  }
  assert.deepEqual(await readdir(folder), [])
})

test('a living holder’s lock is waited for, up to the bound and the signal', async t => {
  const folder = await newFolder(t)
  const lock = join(folder, 'server')
  await withLock(lock, {}, async () => {
    await assert.rejects(
      withLock(lock, { timeoutMs: 30 }, async () => {}),
      { code: 'BUSY' },
    )
    const signal = AbortSignal.timeout(30)
    await assert.rejects(
      withLock(lock, { signal }, async () => {}),
      { code: 'STOPPING' },
    )
  })
  assert.deepEqual(await readdir(folder), [])
})

test('the lock is free again when the work fails', async t => {
  const lock = join(await newFolder(t), 'server')
  await assert.rejects(
    withLock(lock, {}, async () => {
      throw new TypeError('failed')
    }),
    TypeError,
  )
  assert.equal(await withLock(lock, {}, async () => 'mine'), 'mine')
})

test('drafts of the dead are removed, those of the living stay', async t => {
  const folder = await newFolder(t)
  const living = `server.draft-${await newClaim(folder)}`
  await writeFile(join(folder, living), '')
  await writeFile(join(folder, `server.draft-${await claimOfDeadNamesake(folder)}`), '')
  await removeDeadDrafts(folder)
  assert.deepEqual(await readdir(folder), [living])
})

test('a lease counts while its process lives: not for a namesake, not in a copy of the folder', async t => {
  const folder = await newFolder(t)
  const elsewhere = await newFolder(t)
  const lease = await takeLease(folder)
  await writeFile(join(folder, await claimOfDeadNamesake(folder)), '')
  await writeFile(join(folder, await newClaim(elsewhere)), '')
  await writeFile(join(folder, 'garbage'), '')
  assert.equal(await countUsers(folder), 1)
  assert.equal((await readdir(folder)).length, 1)
  await dropLease(lease)
  await dropLease(lease)
  assert.equal(await countUsers(folder), 0)
})
