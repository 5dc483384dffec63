import assert from 'node:assert/strict'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderWith, groundstation, runNode } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'

const ROOT = join(import.meta.dirname, '../..')

test("the README's feed and its test, pasted as they are, are valid and pass", async t => {
  const blocks = (await readFile(join(ROOT, 'README.md'), 'utf8')).split(/^(?=\S)/m).flatMap(part => codeOf(part))
  const feed = blocks.find(block => block.includes("name: 'orders'")) ?? ''
  const tested = blocks.find(block => block.includes("from './orders.ts'")) ?? ''
  const cwd = await folderWith(t)
  await mkdir(join(cwd, 'feeds'))
  await writeFile(join(cwd, 'feeds/orders.ts'), feed)
  await writeFile(join(cwd, 'feeds/orders.test.ts'), tested)
  // A clone finds itself by its own name; a folder elsewhere doesn't.
  await mkdir(join(cwd, 'node_modules'))
  await symlink(ROOT, join(cwd, 'node_modules/groundstation'), 'junction')
  const env = { DATABASE_URL: await freshDatabase(t) }
  const checked = await groundstation(['check', 'orders', '--stored'], { cwd, env })
  assert.deepEqual(checked, { code: 0, stdout: 'feeds/orders.ts: orders is valid.\n', stderr: '' })
  const { code, stdout } = await runNode(['--test', 'feeds/orders.test.ts'], { cwd })
  assert.deepEqual([code, /^. pass 1$/m.test(stdout)], [0, true], stdout)
})

/** Indented lines between others that aren't. */
function codeOf(part: string): string[] {
  const lines = part.split('\n').slice(1)
  const code = lines.filter(line => line === '' || line.startsWith('    ')).map(line => line.slice(4))
  return code.length === 0 ? [] : [code.join('\n')]
}
