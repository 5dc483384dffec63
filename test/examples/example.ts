import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import pg from 'pg'
import { folderWith, outputOf, spawnProgram } from '../cli/program.ts'
import { freshDatabase } from '../database.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A service that was started as its README says. */
export type Example = {
  readonly url: string
  /** What the start told. */
  readonly told: string
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  get(path: string): Promise<Record<string, unknown>>
  sql(text: string): Promise<unknown[][]>
  /** Runs the README's block that has this in it, in a shell, against this service. */
  run(part: string): Promise<string>
  /** The same database with other settings. */
  restart(env: Readonly<Record<string, string>>): Promise<Example>
}
export type Answer = { readonly status: number; readonly body: Record<string, unknown> }

/** Starts `examples/{name}` by the command in its README, on a free port, with a database of its own. */
export async function startExample(
  t: TestContext,
  name: string,
  env: Readonly<Record<string, string>>,
  databaseUrl?: string,
): Promise<Example> {
  const blocks = blocksOf(await readFile(join(ROOT, 'examples', name, 'README.md'), 'utf8'))
  const args = /^npx groundstation (.*)$/m.exec(blocks.join('\n'))?.[1]?.split(' ') ?? []
  const DATABASE_URL = databaseUrl ?? (await freshDatabase(t))
  const GROUNDSTATION_HOME = await folderWith(t)
  const run = { cwd: ROOT, env: { ...env, DATABASE_URL, GROUNDSTATION_HOME } }
  const child = spawnProgram([...args, '--port', '0'], run)
  const stop = async () => {
    if (child.exitCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  }
  t.after(stop)
  const told = await outputOf(child, / {2}psql {2}.*\n/)
  const url = /ready on (http:\S+)/.exec(told)?.[1] ?? ''
  return {
    url,
    told,
    post: async (path, body, headers = {}) => {
      const all = { 'content-type': 'application/json', ...headers }
      const response = await fetch(`${url}${path}`, { method: 'POST', body, headers: all })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    get: async path => (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>,
    sql: async text => {
      const client = new pg.Client(DATABASE_URL)
      await client.connect()
      try {
        return (await client.query({ text, rowMode: 'array' })).rows as unknown[][]
      } finally {
        await client.end()
      }
    },
    run: async part => {
      const block = blocks.find(one => one.includes(part)) ?? ''
      const script = block
        .replaceAll('http://127.0.0.1:8088', url)
        .replaceAll('$(cat .groundstation/database-url)', DATABASE_URL)
      const { PATH = '' } = process.env
      return (await promisify(execFile)('sh', ['-euc', script], { env: { PATH, ...env } })).stdout
    },
    restart: async other => {
      await stop()
      return startExample(t, name, other, DATABASE_URL)
    },
  }
}

/** What stands indented by four, piece by piece. */
function blocksOf(readme: string): string[] {
  const blocks = readme.match(/(?:^ {4}.*\n?)+/gm) ?? []
  return blocks.map(block => block.replaceAll(/^ {4}/gm, ''))
}

/** Why a README's commands can't be run here; undefined where they can. */
export async function missingTool(...tools: readonly string[]): Promise<string | undefined> {
  for (const tool of ['sh', ...tools])
    try {
      await promisify(execFile)('sh', ['-c', `command -v ${tool}`])
    } catch {
      return `${tool} is not here`
    }
  return undefined
}
