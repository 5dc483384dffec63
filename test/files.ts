import { glob } from 'node:fs/promises'
import { join } from 'node:path'

/** `unit` needs PostgreSQL only, `services` more than that, `long` more time than anyone waits for. */
export const KINDS = ['unit', 'services', 'long'] as const
export type Kind = (typeof KINDS)[number]

export const isKind = (text: string): text is Kind => KINDS.some(kind => kind === text)

const FOLDERS = ['test', 'feeds', 'examples']

/** A file's name says what it needs: `a.test.ts`, `a.service.test.ts`, `a.long.test.ts`. */
export function kindOf(file: string): Kind {
  if (file.endsWith('.service.test.ts')) return 'services'
  return file.endsWith('.long.test.ts') ? 'long' : 'unit'
}

/** Where whole programs and servers are started: these take longest. */
const LONGEST = ['test/faults/', 'test/cli/', 'test/poll/', 'test/embedded/', 'examples/']

/** The longest begin first, so that none is left alone at the end; one of each folder in turn, so that those of one aren't all at once. */
function longestFirst(files: readonly string[]): string[] {
  const rankOf = (file: string) => LONGEST.findIndex(folder => file.startsWith(folder))
  const long = LONGEST.map((_, rank) => files.filter(file => rankOf(file) === rank))
  const turns = Math.max(...long.map(({ length }) => length))
  const inTurn = Array.from({ length: turns }, (_, turn) => long.flatMap(folder => folder[turn] ?? [])).flat()
  return [...inTurn, ...files.filter(file => rankOf(file) === -1)]
}

export async function testFiles(root: string, kind: Kind): Promise<string[]> {
  const files: string[] = []
  for await (const file of glob(`{${FOLDERS.join(',')}}/**/*.test.ts`, { cwd: root }))
    if (!file.includes('node_modules') && kindOf(file) === kind) files.push(file.replaceAll('\\', '/'))
  return longestFirst(files.sort()).map(file => join(root, file))
}
