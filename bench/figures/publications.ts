import { openStore, type Store } from '../../src/store/store.ts'
import { assertSame, type Bench, thousands } from '../bench.ts'
import { type Compared, compare, type Figure } from '../figure.ts'
import { type Product, startProduct } from '../product.ts'

const DATABASE = 'bench_publications'
/** Each takes less than a second. */
const TIMES = 3
const ROUNDS_LEAST = 5

/** As somebody would write it by hand. */
const BY_HAND = `
  select 'launch' as entity, count(article_link) as articles, count(wikipedia) as wikipedia from staging.launch_links
  union all select 'rocket', 0, count(wikipedia) from staging.rocket
  union all select 'mission', count(article_link), count(wikipedia) from staging.launch_links l
    where exists (select 1 from staging.launch_mission m where m.id_launch = l.id_launch)`

/** The mart of the feed that comes along, over as many launches as there are events, beside the same SQL by hand. */
export async function measurePublications(bench: Bench): Promise<Figure[]> {
  const { events } = bench.options
  const url = await bench.server.make(DATABASE)
  const product = await startProduct({ url }, undefined, { args: ['feeds/spacex-graphql.ts'], env: {} })
  const store = await openStore(url, { connectionsMax: 1 })
  try {
    await fill(bench, events)
    const { rows } = await store.query(BY_HAND)
    const byHand = () => perSecond(async () => void (await store.query(BY_HAND)))
    const rounds = Math.max(ROUNDS_LEAST, bench.options.rounds)
    const viewed = await compare(rounds, { floor: byHand, value: () => perSecond(() => view(store, rows)) })
    const served = await compare(rounds, { floor: byHand, value: () => perSecond(() => get(product, rows)) })
    return [
      figureOf('publications', `select * from marts.publication, ${thousands(events)} launches`, viewed),
      figureOf('publications over HTTP', `GET /publications, ${thousands(events)} launches`, served),
    ]
  } finally {
    await store.close()
    await product.stop()
    await bench.server.drop(DATABASE)
  }
}

/** Half of the launches have a mission, some two; three of four an article, four of five a page in Wikipedia. */
async function fill({ server, say }: Bench, launches: number): Promise<void> {
  const link = (share: number, kind: string) =>
    `case when n % 20 < ${share * 20} then 'https://news.example/2020/11/21/${kind}-of-launch-number-' || n end`
  for (const sql of [
    `insert into staging.launch (id, external_object_id, details, launch_date_utc, launch_success, launch_year, upcoming, id_mission, id_rocket)
     select n, n::text, repeat('What the launch was for. ', n % 8), timestamptz '2006-03-24' + n * interval '1 minute', n % 20 > 0,
       2006 + n % 20, false, case when n % 2 = 0 then n % 1000 end, n % 10 from generate_series(1, ${launches}) n`,
    `insert into staging.launch_links (id, id_launch, article_link, mission_patch, video_link, wikipedia)
     select n, n, ${link(0.75, 'article')}, ${link(0.9, 'patch')}, ${link(0.9, 'video')}, ${link(0.8, 'page')} from generate_series(1, ${launches}) n`,
    `insert into staging.launch_mission (id_launch, id_mission, place)
     select n, (n + more) % 1000, more + 1 from generate_series(2, ${launches}, 2) n, generate_series(0, 1) more where more = 0 or n % 20 = 0`,
    `insert into staging.rocket (id, external_object_id, name, wikipedia)
     select n, n::text, 'rocket ' || n, 'https://wiki.example/' || n from generate_series(1, 10) n`,
    'vacuum analyze',
  ])
    await server.query(DATABASE, sql)
  await server.settle()
  say(`${thousands(launches)} launches are there`)
}

async function perSecond(once: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  for (let time = 0; time < TIMES; time++) await once()
  return TIMES / ((performance.now() - startedMs) / 1000)
}

type Rows = Awaited<ReturnType<Store['query']>>['rows']

async function view(store: Store, expected: Rows): Promise<void> {
  const { rows } = await store.query('select * from marts.publication')
  assertRows(rows, expected)
}

async function get({ port }: Product, expected: Rows): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/publications`)
  const { data } = (await answer.json()) as { readonly data: Rows }
  assertRows(data, expected)
}

function assertRows(rows: Rows, expected: Rows): void {
  for (const { entity, articles, wikipedia } of expected) {
    const found = rows.find(row => row.entity === entity)
    assertSame(`${entity}'s articles`, found?.articles, Number(articles))
    assertSame(`${entity}'s pages in Wikipedia`, found?.wikipedia, Number(wikipedia))
  }
}

const figureOf = (name: string, title: string, compared: Compared): Figure => ({
  ...compared,
  name,
  title,
  unit: 'answers/s',
  floor: { title: 'the same SQL by hand', value: compared.floorValue },
  goal: { least: 0.9 },
  notes: [],
})
