import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Complaint, readFiles, sourceFile } from './files.ts'
import { importCycles, importFaults, simulatorFaults } from './imports.ts'
import { ROOMS, roomOf } from './rooms.ts'
import { nameFaults, wordFaults } from './words.ts'

const ROOT = join(import.meta.dirname, '../..')
const source = await readFiles(ROOT, 'src/**/*.ts')
const simulators = await readFiles(ROOT, 'simulators/**/*.ts')
const tests = await readFiles(ROOT, 'test/**/*.ts')

const none = (complaints: readonly Complaint[]) =>
  assert.equal(complaints.length, 0, `\n${complaints.join('\n')}\n(${complaints.length} in all)`)

const isPure = (path: string) => ROOMS[roomOf(path)]?.isPure === true

describe('the code is tidy', () => {
  test('imports go one way', () => none(source.flatMap(importFaults)))
  test('simulators know nothing of the program', () => none(simulators.flatMap(simulatorFaults)))
  test('no file imports itself over others', () => none(importCycles([...source, ...simulators])))
  test('no word under src/ that does not belong there', () =>
    none(source.flatMap(file => wordFaults(file, isPure(file.path)))))
  test('files are called by what is in them', () => none([...source, ...simulators, ...tests].flatMap(nameFaults)))

  test('no two migrations have one number: of those only one would be applied', async () => {
    const names = (await readdir(join(ROOT, 'src/store/migrations'))).sort()
    none(
      names
        .filter((name, index) => names[index - 1]?.slice(0, 4) === name.slice(0, 4))
        .map(name => `src/store/migrations/${name}: its number is taken, give it the next one`),
    )
  })

  test('each room is in docs/architecture.md', async t => {
    const page = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8').catch(() => undefined)
    if (page === undefined) return t.skip('docs/architecture.md is not there')
    const rooms = [...new Set(source.map(({ path }) => roomOf(path)))].filter(room => !room.endsWith('.ts'))
    none(
      rooms
        .filter(room => !page.includes(`\`${room}/\``))
        .map(room => `docs/architecture.md doesn't say what src/${room} is for: add a line`),
    )
  })
})

describe('the rules find what they are for', () => {
  const faults = (path: string, text: string) => {
    const file = sourceFile(path, text)
    return [...importFaults(file), ...wordFaults(file, isPure(path)), ...nameFaults(file)].join('\n')
  }
  const cases: [string, string, string, RegExp][] = [
    [
      'a room that imports upwards',
      'src/feed/a.ts',
      "import { x } from '../engine/b.ts'",
      /src\/feed may import errors\.ts/,
    ],
    ['types as well', 'src/store/a.ts', "import type {\n  X,\n} from '../api/b.ts'", /imports api\/b\.ts/],
    ['an import while it runs', 'src/engine/a.ts', "await import('../cli/main.ts')", /imports cli\/main\.ts/],
    [
      'more of the engine than its contract',
      'src/api/a.ts',
      "export { x } from '../engine/engine.ts'",
      /engine\/contract/,
    ],
    [
      'a driver outside of its room',
      'src/engine/a.ts',
      "import pg from 'pg'",
      /imports pg: use pg only in its own room/,
    ],
    ['a package in a pure room', 'src/sequencer/a.ts', "import { readFile } from 'node:fs'", /src\/sequencer is pure/],
    ['a clock in a pure room', 'src/feed/a.ts', 'const now = Date.now()', /a\.ts:1: 'Date\.now\('.*argument/],
    ['what is beside src/', 'src/cli/a.ts', "import x from '../../feeds/x.ts'", /what is under src\/ doesn't know/],
    ['a room that nobody knows', 'src/lobby/a.ts', '', /the room src\/lobby is new/],
    ['a word of a feed', 'src/feed/a.ts', '\n// like a rocket', /a\.ts:2: 'rocket'/],
    ['any', 'src/feed/a.ts', 'const a: any = b as any', /'any'[\s\S]*'any'/],
    ['a bare !', 'src/feed/a.ts', 'const a = b!.c', /'!': a bare !/],
    ['an enum', 'src/feed/a.ts', 'enum Colour { red }', /'enum Colour \{'/],
    ['an error without a code', 'src/feed/a.ts', "throw new Error('x')", /GroundstationError/],
    ['a default export', 'src/feed/a.ts', 'export default 1', /by name/],
    ['a mark', 'src/feed/a.ts', '// TODO later', /open an issue/],
    ['a name that says nothing', 'src/feed/helpers.ts', '', /call the file by what is in it/],
    ['a name of another style', 'src/feed/readFile.ts', '', /small letters/],
  ]
  for (const [name, path, text, expected] of cases)
    test(name, () => {
      assert.match(faults(path, text), expected)
    })

  test('and nothing where all is well', () => {
    const text = [
      "import { isUtf8 } from 'node:buffer'",
      "import { GroundstationError } from '../errors.ts'",
      "const words = 'any! new Error( enum X {' // any!",
      'const fits = (a: string) => a !== words && !isUtf8(a) && /[\'"]any!/.test(a)',
      'export const company = (any1: number) => any1',
    ].join('\n')
    assert.equal(faults('src/feed/a-file.ts', text), '')
  })

  test('a circle of files', () => {
    const files = [
      sourceFile('src/feed/a.ts', "import './b.ts'"),
      sourceFile('src/feed/b.ts', "import type { C } from './c.ts'"),
      sourceFile('src/feed/c.ts', "export * from './a.ts'"),
    ]
    assert.deepEqual(
      importCycles(files).map(cycle => cycle.split(':')[0]),
      ['src/feed/a.ts → src/feed/b.ts → src/feed/c.ts → src/feed/a.ts'],
    )
  })
})
