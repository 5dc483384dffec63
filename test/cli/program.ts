import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Owner } from '../database.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/groundstation.mjs')

export type Result = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export type Run = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Buffer
  /** Instead of the Node that runs the tests. */
  readonly node?: string
}

/** Starts the program as a user does, with no settings but the given ones. */
export function spawnProgram(args: readonly string[], run: Run = {}) {
  return spawnNode([LAUNCHER, ...args], run)
}

function spawnNode(args: readonly string[], { cwd, env, node = process.execPath }: Run) {
  const { PATH = '', HOME = '', SystemRoot = '' } = process.env
  const child = spawn(node, args, { cwd, env: { PATH, HOME, SystemRoot, ...env } })
  // A program that ends early doesn't read its input; that is for the test to judge.
  child.stdin.on('error', () => undefined)
  return child
}

/** Runs it to its end. */
export async function groundstation(args: readonly string[], run: Run = {}): Promise<Result> {
  return resultOf(spawnProgram(args, run), run)
}

/** Runs a script of a user's to its end. */
export async function runNode(args: readonly string[], run: Run = {}): Promise<Result> {
  return resultOf(spawnNode(args, run), run)
}

async function resultOf(child: ChildProcessWithoutNullStreams, run: Run): Promise<Result> {
  child.stdin.end(run.input ?? '')
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number | null, stdout, stderr }
}

/** Resolves with what it has written when a line of its output fits. Rejects when it ends before. */
export function outputOf(child: ChildProcessWithoutNullStreams, fits: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', piece => {
        seen += piece
        if (fits.test(seen)) resolve(seen)
      })
    child.once('exit', code => reject(new TypeError(`ended with ${code} before it wrote ${fits}:\n${seen}`)))
  })
}

/** A folder with files in it, removed at the end. */
export async function folderWith(owner: Owner, files: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-cli-'))
  owner.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** A feed of lines without an identity of their own. */
export const POSITION_FEED = `
import { bigint, defineFeed, http, Type } from 'groundstation'
export default defineFeed({
  name: 'readings',
  source: http({ path: '/readings' }),
  event: Type.Object({ value: Type.Integer() }),
  identity: { position: true },
  tables: { readings: { columns: { value: bigint('value') } } },
})
`

/** A feed of numbered events of a key. */
export const SEQUENCED_FEED = `
import { bigint, defineFeed, http, Type, text } from 'groundstation'
export default defineFeed({
  name: 'steps',
  source: http({ path: '/steps' }),
  event: Type.Object({ key: Type.String(), number: Type.Integer({ minimum: 1 }) }),
  identity: { key: 'key', sequence: 'number' },
  tables: { steps: { key: ['key', 'number'], columns: { key: text('key'), number: bigint('number') } } },
})
`

/** A feed of things that are polled. */
export const POLLED_FEED = `
import { defineFeed, env, json, poll, Type, text } from 'groundstation'
export default defineFeed({
  name: 'things',
  source: poll({ url: env('THINGS_URL'), path: '/things', every: env('THINGS_EVERY', '1h') }),
  event: Type.Object({ id: Type.String({ minLength: 1 }) }),
  identity: { snapshot: 'id' },
  tables: { things: { rows: 'latest', columns: { id: text('id'), raw: json('') } } },
})
`
