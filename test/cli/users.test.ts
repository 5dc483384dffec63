import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { readPassword } from '../../src/cli/password.ts'
import { keptSecret } from '../../src/embedded/index.ts'
import { freshDatabase } from '../database.ts'
import { folderWith, groundstation, outputOf, type Run, SEQUENCED_FEED, spawnProgram } from './program.ts'

const PASSWORD = 'correct horse'

async function place(t: TestContext, files: Record<string, string> = {}): Promise<Run & { readonly cwd: string }> {
  return { cwd: await folderWith(t, files), env: { DATABASE_URL: await freshDatabase(t) } }
}

const json = async (args: readonly string[], run: Run) => {
  const { code, stdout, stderr } = await groundstation([...args, '--json'], run)
  assert.equal(stderr, '')
  return { code, result: JSON.parse(stdout) as Record<string, unknown> }
}

test('users are made, listed and removed; their passwords come from standard input', async t => {
  const at = await place(t)
  const more = ['--role', 'administrator', '--name', 'Ana', '--email', 'ana@example.org']
  const input = `${PASSWORD}\r\nnot a word of this\n`
  const made = await json(['users', 'add', 'ana', ...more], { ...at, input })
  assert.deepEqual([made.code, made.result.username, made.result.role], [0, 'ana', 'administrator'])
  const again = await json(['users', 'add', 'ANA'], { ...at, input })
  assert.deepEqual([again.code, (again.result.error as { code: string }).code], [2, 'NAME_TAKEN'])
  const { stdout } = await groundstation(['users', 'list'], at)
  assert.match(stdout, /^ana {2}administrator {2}made \S+ {2}Ana <ana@example\.org>\n$/)
  assert.equal((await groundstation(['users', 'remove', 'Ana'], at)).stdout, 'The user Ana is removed.\n')
  const gone = await groundstation(['users', 'password', 'ana'], { ...at, input: PASSWORD })
  assert.deepEqual([gone.code, gone.stderr], [2, 'There is no user ana.\n'])
})

test('a token is shown once, listed and revoked', async t => {
  const at = await place(t)
  const { stdout } = await groundstation(['tokens', 'add', 'camera-7'], at)
  assert.match(stdout, /^gst_[\w-]{43}\n$/)
  assert.deepEqual((await json(['tokens', 'revoke', 'camera-7'], at)).result, { name: 'camera-7', revoked: true })
  const list = await groundstation(['tokens', 'list'], at)
  assert.match(list.stdout, /^camera-7 {2}writer {2}made \S+ {2}revoked \S+\n$/)
})

test('who was made at the command line logs in to a server that runs; its secret is kept, for its owner alone', async t => {
  const asks = SEQUENCED_FEED.replace("name: 'steps',", "name: 'steps',\n  access: { default: 'reader' },")
  const at = await place(t, { 'a.ts': asks })
  const child = spawnProgram(['start', 'a.ts', '--port', '0'], at)
  t.after(() => void child.kill('SIGKILL'))
  const told = await outputOf(child, / {2}psql {2}.*\n/)
  assert.match(told, /users none yet: npx groundstation users add/)
  assert.match(told, /POST http\S+\/steps {2}\(asks for a token: writer\)\n/)
  const url = /ready on (http:\S+)/.exec(told)?.[1] ?? ''
  await groundstation(['users', 'add', 'ana', '--role', 'administrator'], { ...at, input: PASSWORD })
  const body = new URLSearchParams({ username: 'ana', password: PASSWORD })
  const answer = (await (await fetch(`${url}/login`, { method: 'POST', body })).json()) as { access_token: string }
  const statusOf = async (headers: Record<string, string>) =>
    (await fetch(`${url}/feeds/steps/record`, { headers })).status
  assert.deepEqual([await statusOf({}), await statusOf({ authorization: `Bearer ${answer.access_token}` })], [401, 200])
  const file = join(at.cwd, '.groundstation/secret')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await readFile(file, 'utf8')).trim().length, 43)
})

test('a kept secret is made once, and one that was spoiled is refused', async t => {
  const home = join(await folderWith(t), 'home')
  const secrets = await Promise.all([keptSecret(home), keptSecret(home), keptSecret(home)])
  assert.equal(new Set(secrets).size, 1)
  await writeFile(join(home, 'secret'), 'short\n')
  await assert.rejects(keptSecret(home), { code: 'EMBEDDED_FOREIGN', message: /remove it/ })
})

describe('a password on a terminal', () => {
  const terminal = (isTTY: boolean) => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    Object.assign(input, { isTTY, setRawMode: () => input })
    output.setEncoding('utf8')
    const typed = { input, output } as unknown as Parameters<typeof readPassword>[0]
    return { input, shown: () => String(output.read() ?? ''), read: () => readPassword(typed) }
  }
  /** Types each line once its question is there. */
  const type = async (lines: readonly string[]) => {
    const { input, shown, read } = terminal(true)
    const password = read().catch((error: Error) => error.message)
    for (const line of lines) {
      input.write(line)
      await new Promise(setImmediate)
      await new Promise(setImmediate)
    }
    return { password: await password, shown: shown() }
  }

  test('is asked for twice, and not shown', async () => {
    const { password, shown } = await type([`${PASSWORD}\r`, `${PASSWORD}\r`])
    assert.equal(password, PASSWORD)
    assert.equal(shown, 'Password: \nAgain: \n')
  })

  test('that is typed in two ways changes nothing', async () => {
    assert.match((await type([`${PASSWORD}\r`, 'another\r'])).password, /two passwords/)
  })

  test('is given up with Ctrl-C or Ctrl-D', async () => {
    assert.match((await type(['corr\u0003'])).password, /Interrupted/)
    assert.match((await type(['\u0004'])).password, /No password/)
  })

  test('from a pipe is its first line, which has an end', async () => {
    const { input, read } = terminal(false)
    input.write(Buffer.alloc(10_000, 0x61))
    await assert.rejects(read(), { code: 'USAGE' })
  })
})
