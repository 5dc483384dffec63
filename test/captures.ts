import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const FOLDER = join(import.meta.dirname, '../../shared/data')

/**
 * The path of a capture of real traffic, which lies beside the repository; undefined, and the test skipped, where it
 * isn't. In CI it must be there: a test that is always skipped is none.
 */
export function captured(t: Pick<TestContext, 'skip'>, name: string): string | undefined {
  const path = join(FOLDER, name)
  if (existsSync(path)) return path
  if (process.env.CI) throw new Error(`${path} is missing: put the captures of real traffic beside the repository.`)
  t.skip(`${path} is missing`)
  return undefined
}
