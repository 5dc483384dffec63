import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { folderWith, groundstation, spawnProgram } from './program.ts'

const BIN = join(import.meta.dirname, '../../bin')
const isWindows = process.platform === 'win32' && 'needs a shell script as a program'

/** A checkout that needs a Node that nobody has; `node` is the script that it brings along as one. */
async function checkout(t: TestContext, node?: string): Promise<string> {
  const root = await folderWith(t, { 'package.json': JSON.stringify({ engines: { node: '>=99.6' } }) })
  await mkdir(join(root, 'bin'))
  await copyFile(join(BIN, 'groundstation.mjs'), join(root, 'bin/groundstation.mjs'))
  if (node === undefined) return root
  await mkdir(join(root, 'node_modules/node/bin'), { recursive: true })
  await writeFile(join(root, 'node_modules/node/bin/node'), node)
  await chmod(join(root, 'node_modules/node/bin/node'), 0o755)
  return root
}

function launch(root: string, args: readonly string[]) {
  const child = spawn(process.execPath, [join(root, 'bin/groundstation.mjs'), ...args])
  return { child, stdout: text(child.stdout), stderr: text(child.stderr), closed: once(child, 'close') }
}

describe('with a Node that is too old', () => {
  test('says which is needed, and leaves with 3, where none comes along', async t => {
    const { stderr, closed } = launch(await checkout(t), ['start'])
    assert.deepEqual(await closed, [3, null])
    assert.match(await stderr, /^Groundstation needs Node 99\.6 or later, and this is \d+\..* npm ci.*\n$/)
  })

  test('hands over to the one that comes along, with arguments and exit code', { skip: isWindows }, async t => {
    const root = await checkout(t, '#!/bin/sh\nshift; echo "$@"; exit 7\n')
    const { stdout, closed } = launch(root, ['ingest', 'a feed', '-'])
    assert.deepEqual(await closed, [7, null])
    assert.equal(await stdout, 'ingest a feed -\n')
  })

  test('passes signals on, and dies of the one that the other died of', { skip: isWindows }, async t => {
    const root = await checkout(
      t,
      '#!/bin/sh\ntrap "echo told; trap - TERM; kill -TERM $$" TERM\necho up\nwhile :; do sleep 0.05; done\n',
    )
    const { child, closed } = launch(root, [])
    t.after(() => child.kill('SIGKILL'))
    let seen = ''
    child.stdout.on('data', piece => {
      if (seen === '') child.kill('SIGTERM')
      seen += piece
    })
    assert.deepEqual(await closed, [null, 'SIGTERM'])
    assert.equal(seen, 'up\ntold\n')
  })
})

test('the version is the package’s', async () => {
  const { version } = JSON.parse(await readFile(join(BIN, '../package.json'), 'utf8')) as { version: string }
  assert.deepEqual(await groundstation(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

test('wrong usage is told, with exit code 2', async () => {
  for (const args of [['strat'], ['ingest'], ['start', '--colour'], ['start', '--roles', 'cook']]) {
    const { code, stderr } = await groundstation(args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /^error: [\s\S]*groundstation help/)
  }
})

test('output that nobody reads to its end is no failure', async () => {
  const child = spawnProgram(['generate', 'sql'], { cwd: join(BIN, '..') })
  child.stdout.destroy()
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})
