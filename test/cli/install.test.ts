import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { folderWith } from './program.ts'

const INSTALL = join(import.meta.dirname, '../../bin/install.mjs')

const lockOf = (packages: object) => JSON.stringify({ packages })
const WANTED = {
  '': { name: 'x' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', optional: true },
}
const { 'node_modules/b': _, '': __, ...WITHOUT_OPTIONAL } = WANTED

/** A project with a lock and what is installed, and an npm that only writes down how it was called. */
async function project(t: TestContext, lock: object | undefined, installed: object | undefined): Promise<string> {
  const root = await folderWith(t, lock === undefined ? {} : { 'package-lock.json': lockOf(lock) })
  const npm =
    "require('fs').writeFileSync('called', process.argv.slice(2).join(' ')); process.exit(Number(process.env.NPM_EXIT ?? 0))"
  await writeFile(join(root, 'npm-cli.js'), npm)
  if (installed === undefined) return root
  await mkdir(join(root, 'node_modules'))
  await writeFile(join(root, 'node_modules/.package-lock.json'), lockOf(installed))
  return root
}

function install(root: string, env: Record<string, string> = {}) {
  const { status, stderr } = spawnSync(process.execPath, [INSTALL, root], {
    env: { ...process.env, npm_execpath: join(root, 'npm-cli.js'), npm_node_execpath: process.execPath, ...env },
    encoding: 'utf8',
  })
  return { status, stderr }
}

const callOf = (root: string) => readFile(join(root, 'called'), 'utf8').catch(() => undefined)

describe('dependencies are installed before the start', () => {
  const stale = { ...WANTED, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-other' } }
  for (const [name, installed] of [
    ['nothing is installed', undefined],
    ['another version is', { ...WANTED, 'node_modules/a': { version: '0.9.0', integrity: 'sha512-a' } }],
    ['other bytes are', stale],
    ['one is missing', {}],
  ] as const)
    test(`when ${name}`, async t => {
      const root = await project(t, WANTED, installed)
      assert.equal(install(root).status, 0)
      assert.match((await callOf(root)) ?? '', /^ci --include=dev /)
    })

  test('but not when all of the lock are there, whatever optional ones this platform lacks', async t => {
    for (const installed of [WANTED, WITHOUT_OPTIONAL]) {
      const root = await project(t, WANTED, installed)
      assert.deepEqual(install(root), { status: 0, stderr: '' })
      assert.equal(await callOf(root), undefined)
    }
  })

  test('without a lock as npm finds them, and only once', async t => {
    const root = await project(t, undefined, undefined)
    assert.match(install(root).stderr, /There is no package-lock\.json/)
    assert.match((await callOf(root)) ?? '', /^install /)
    const installed = await project(t, undefined, WANTED)
    install(installed)
    assert.equal(await callOf(installed), undefined)
  })
})

describe('what stands in the way is said', () => {
  test('npm that fails', async t => {
    const { status, stderr } = install(await project(t, WANTED, undefined), { NPM_EXIT: '1' })
    assert.equal(status, 3)
    assert.match(stderr, /npm ci failed; what it says above tells why/)
  })

  test('a folder that is read-only', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, async t => {
    const root = await project(t, WANTED, undefined)
    await chmod(root, 0o500)
    t.after(() => chmod(root, 0o700))
    const { status, stderr } = install(root)
    assert.equal(status, 3)
    assert.match(stderr, /can't be written to: run npm ci there as its owner/)
  })
})
