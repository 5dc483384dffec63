import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadFeeds, readFeeds, readFiles } from '../../src/loader/load.ts'
import { folderWith, POLLED_FEED, POSITION_FEED, SEQUENCED_FEED } from '../cli/program.ts'

const invalid = (message: RegExp) => ({ code: 'DECLARATION_INVALID', message })
const ROOT = join(import.meta.dirname, '../..')

describe('feeds are loaded', () => {
  test('from feeds/ where nothing is given', async () => {
    const names = (await loadFeeds(undefined, ROOT)).map(feed => feed.name)
    assert.ok(names.includes('rockets') && names.includes('detections'))
    assert.deepEqual(
      (await loadFeeds(['feeds'], ROOT)).map(({ name }) => name),
      (await loadFeeds([], ROOT)).map(({ name }) => name),
    )
  })

  test('by name, by file and from folders, each once', async () => {
    const names = async (paths: string[]) => (await loadFeeds(paths, ROOT)).map(feed => feed.name)
    assert.deepEqual(await names(['rockets']), ['rockets'])
    assert.deepEqual(await names(['feeds/rockets.ts', 'rockets']), ['rockets'])
    assert.deepEqual(await names(['detections', 'feeds/rockets.ts']), ['rockets', 'detections'])
  })

  test('from a file with several, by its own name or by theirs', async t => {
    const file = (names: string[]) => `import { defineFeed, http, Type } from 'groundstation'
      const feed = name => defineFeed({ name, source: http({ path: '/' + name }), event: Type.Object({}), identity: { position: true } })
      export default [${names.map(name => `feed('${name}')`).join()}]`
    const folder = await folderWith(t)
    await mkdir(join(folder, 'feeds'))
    for (const [name, names] of Object.entries({
      shop: ['orders', 'customers'],
      readings: ['readings', 'sensors'],
      none: [],
    }))
      await writeFile(join(folder, 'feeds', `${name}.ts`), file(names))
    const names = async (paths: string[]) => (await loadFeeds(paths, folder)).map(({ name }) => name)
    assert.deepEqual(await names(['shop']), ['orders', 'customers'])
    assert.deepEqual(await names(['customers', 'shop']), ['orders', 'customers'])
    assert.deepEqual(await names(['customers']), ['customers'])
    assert.deepEqual(await names(['feeds/shop.ts']), ['orders', 'customers'])
    // One of them is called as the file is.
    assert.deepEqual(await names(['readings']), ['readings'])
    await assert.rejects(names(['none']), invalid(/feeds\/none\.ts: has no feed: .*, or a list of it\./))
    await assert.rejects(names(['shops']), {
      code: 'USAGE',
      message: /there are none, readings, sensors, orders, customers\./,
    })
  })

  test('with the others of their files beside them, of which one that has what they have is refused', async t => {
    const file = `import { defineFeed, http, Type } from 'groundstation'
      const feed = (name, path) => defineFeed({ name, source: http({ path }), event: Type.Object({}), identity: { position: true } })
      export default [feed('first', '/same'), feed('second', '/other'), feed('third', '/same'), feed('fourth', '/fourth')]`
    const folder = await folderWith(t)
    await mkdir(join(folder, 'feeds'))
    await writeFile(join(folder, 'feeds', 'shop.ts'), file)
    await writeFile(join(folder, 'feeds', 'steps.ts'), SEQUENCED_FEED)
    const read = await readFiles(['third', 'fourth'], folder)
    assert.deepEqual(
      read.map(({ compiled, isAsked }) => [compiled?.name, isAsked]),
      [
        [undefined, false],
        ['second', false],
        ['third', true],
        ['fourth', true],
      ],
    )
    assert.match(String(read[0]?.error?.message), /shop\.ts: has the path \/same, which .*shop\.ts has already/)
    assert.deepEqual(
      (await loadFeeds(['third'], folder)).map(({ name }) => name),
      ['third'],
    )
  })

  test('a topic is a setting where the declaration says so', async t => {
    const topic = `import { defineFeed, env, kafka, Type } from 'groundstation'
      export default defineFeed({ name: 'a', source: kafka({ topic: env('A_TOPIC', 'as') }), event: Type.Object({}), identity: { position: true } })`
    const folder = await folderWith(t, { 'a.ts': topic })
    const nameWith = async (values: Record<string, string>) =>
      (await loadFeeds([folder], folder, async name => values[name]))[0]?.source.topic
    assert.deepEqual(await nameWith({}), { name: 'as', partitions: 8 })
    assert.deepEqual(await nameWith({ A_TOPIC: 'others' }), { name: 'others', partitions: 8 })
  })

  test('a polled source is off without its setting, and a setting that is no URL is told without its value', async t => {
    const folder = await folderWith(t, { 'a.ts': POLLED_FEED })
    const load = (values: Record<string, string>) => loadFeeds([folder], folder, async name => values[name])
    const [off] = await load({})
    assert.deepEqual([off?.source.poll, off?.source.unset], [undefined, 'THINGS_URL'])
    const [on] = await load({ THINGS_URL: 'https://api.example/secret/', THINGS_EVERY: '5m' })
    assert.equal(on?.source.poll?.url.href, 'https://api.example/secret/things')
    assert.equal(on?.source.poll?.shown, 'https://api.example/things')
    const refused = (values: Record<string, string>, message: RegExp) =>
      assert.rejects(load(values), { code: 'SETTING_INVALID', message })
    await refused(
      { THINGS_URL: 'ftp://me:hunter2@x' },
      /^THINGS_URL is \(not shown\): expected a URL that begins with https/,
    )
    await refused({ THINGS_URL: 'https://a', THINGS_EVERY: 'often' }, /^THINGS_EVERY is 'often': expected a number and/)
  })

  test('from a folder with no package around it, without a warning', async t => {
    const warnings: Error[] = []
    const listen = (warning: Error) => void warnings.push(warning)
    process.on('warning', listen)
    t.after(() => void process.off('warning', listen))
    const folder = await folderWith(t, { 'a.ts': POSITION_FEED, 'a.test.ts': 'throw 1', 'a.d.ts': '' })
    const [feed] = await loadFeeds([folder], folder)
    assert.equal(feed?.name, 'readings')
    await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(warnings, [])
  })
})

describe('what is no feed is refused, with its file and the reason', () => {
  const cases: [string, string, RegExp][] = [
    ['without a default export', 'export const feed = 1', /^a\.ts: has no feed: its default export must be/],
    ['another default export', 'export default { name: "x" }', /^a\.ts: has no feed/],
    ['a syntax error', 'const a = 1\nexport default {', /^a\.ts: can't be loaded: /],
    ['code that throws', '\n\nthrow new TypeError("oh")', /^a\.ts: can't be loaded: line 3: oh/],
    [
      'a forgotten import',
      'export default defineFeed({})',
      /^a\.ts: can't be loaded: line 1: defineFeed is not defined: .* import \{ defineFeed \} from 'groundstation'/,
    ],
    ["a name that is nobody's", 'const a = 1\nnobody()', /^a\.ts: can't be loaded: line 2: nobody is not defined$/],
    ['an import that is not there', 'import x from "nowhere-at-all"', /^a\.ts: can't be loaded: .*nowhere-at-all/],
    [
      'a declaration with a mistake',
      POSITION_FEED.replace("bigint('value')", "bigint('volume')"),
      /^a\.ts: The feed readings is not valid:\n {2}tables\.readings\.columns\.value: .*'volume'/,
    ],
  ]
  for (const [name, text, message] of cases)
    test(name, async t => {
      const folder = await folderWith(t, { 'a.ts': text })
      await assert.rejects(loadFeeds(['a.ts'], folder), invalid(message))
    })

  test('a missing file, a folder without feeds, no folder feeds', async t => {
    const folder = await folderWith(t)
    await assert.rejects(loadFeeds(['b.ts'], folder), invalid(/^b\.ts: there is no such file/))
    await assert.rejects(loadFeeds([folder], folder), invalid(/has no feeds/))
    await assert.rejects(loadFeeds(undefined, folder), invalid(/There is no folder feeds/))
  })

  test('a name that no feed has, and that is a folder beside feeds/', async t => {
    const folder = await folderWith(t)
    for (const name of ['feeds', 'more']) {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'a.ts'), name === 'feeds' ? POSITION_FEED : SEQUENCED_FEED)
    }
    const message = 'There is no feed more: there are readings. For the feeds in the folder more: ./more'
    await assert.rejects(loadFeeds(['more'], folder), { code: 'USAGE', message })
    assert.equal((await loadFeeds(['./more'], folder))[0]?.name, 'steps')
  })

  test('a name that no feed has', async () => {
    await assert.rejects(loadFeeds(['rocket'], ROOT), { code: 'USAGE', message: /no feed rocket: there are .*rockets/ })
  })

  test('two feeds of one name, or of one path', async t => {
    const other = SEQUENCED_FEED.replace("'steps',\n", "'others',\n")
    const folder = await folderWith(t, { 'a.ts': SEQUENCED_FEED, 'b.ts': SEQUENCED_FEED, 'c.ts': other })
    await assert.rejects(
      loadFeeds(['a.ts', 'b.ts'], folder),
      invalid(/^b\.ts: has the name steps, which a\.ts has already/),
    )
    await assert.rejects(
      loadFeeds(['a.ts', 'c.ts'], folder),
      invalid(/^c\.ts: has the path \/steps, which a\.ts has already/),
    )
  })

  test('a table at the path of another feed', async t => {
    const table = POSITION_FEED.replace(
      "value: bigint('value')",
      "value: bigint('value') }, key: ['value'], path: '/states'",
    )
    const state = SEQUENCED_FEED.replace(
      '  tables:',
      `  state: { path: '/states', key: 'k', schema: Type.Object({}), initial: {}, evolve: s => s },\n  tables:`,
    )
    const folder = await folderWith(t, { 'a.ts': state, 'b.ts': table.replace('} },\n})', '},\n})') })
    await assert.rejects(
      loadFeeds(['a.ts', 'b.ts'], folder),
      invalid(/^b\.ts: has the path \/states, which a\.ts has already/),
    )
  })

  test('a view of another feed’s name', async t => {
    const withView = (feed: string) =>
      feed.replace('  tables:', "  views: { 'Marts.v': { sql: 'select 1 as one' } },\n  tables:")
    const folder = await folderWith(t, { 'a.ts': withView(SEQUENCED_FEED), 'b.ts': withView(POSITION_FEED) })
    await assert.rejects(
      loadFeeds(['a.ts', 'b.ts'], folder),
      invalid(/^b\.ts: has the view marts\.v, which a\.ts has already/),
    )
  })

  test('all faults at once', async t => {
    const folder = await folderWith(t, { 'a.ts': 'export default 1', 'b.ts': POSITION_FEED, 'c.ts': 'throw 1' })
    const loaded = await readFeeds([folder], folder)
    assert.deepEqual(
      loaded.map(one => [one.file, one.error === undefined]),
      [
        ['a.ts', false],
        ['b.ts', true],
        ['c.ts', false],
      ],
    )
    await assert.rejects(loadFeeds([folder], folder), invalid(/a\.ts: [\s\S]*\nc\.ts: /))
  })
})
