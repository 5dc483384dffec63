/** The bugs that are planted, and which promises each must break. Told in words in docs/decisions/planted-bugs.md. */
import type { Promised } from './checker.ts'
import type { Edit } from './mutant.ts'

export type Planted = {
  readonly name: string
  /**
   * The run that it is planted in: `kill` -9 of one service, of two at once, a `crash` of the database, `cuts` around
   * commits, two services with `live` streams.
   */
  readonly run: 'kill' | 'two' | 'crash' | 'cuts' | 'live'
  readonly edits: readonly Edit[]
  readonly env?: Readonly<Record<string, string>>
  /** How often the fault happens; 2 unless told otherwise. */
  readonly faults?: number
  /** At least one of these is broken. */
  readonly breaks: readonly Promised[]
  /** Also in `npm test`. */
  readonly isShort?: boolean
}

/** Takes a statement out of its batch: it runs a moment after the commit, on its own. */
export function savedLater(file: string, name: string, query: string): readonly Edit[] {
  const declared = `export async function ${name}(`
  const later = `const later = (client: object) => (...statement: unknown[]) => { Object.assign(client, { later: statement }) }`
  return [
    { file, find: declared, replace: `${later}\n${declared}` },
    { file, find: query, replace: query.replace('await client.query(', 'later(client)(') },
    {
      file: 'src/engine/transaction.ts',
      find: 'this.#remember(batch)',
      replace: `const { later } = client as unknown as { later?: [string, unknown[]] }
        Object.assign(client, { later: undefined })
        await new Promise(resolve => setTimeout(resolve, 40))
        if (later !== undefined) await client.query(...later)
        this.#remember(batch)`,
    },
  ]
}

const APPLIED_AGAIN: readonly Edit[] = [
  {
    file: 'src/engine/decide/sequenced.ts',
    find: '  for (const one of found) repeats.push(one)\n  return {',
    replace: '  return {',
  },
  {
    file: 'src/engine/decide/sequenced.ts',
    find: 'late: [],\n    waiting: [],\n    isTouched: advanced.length > 0,',
    replace: 'late: found.map(repeat => repeat.work),\n    waiting: [],\n    isTouched: true,',
  },
]

export const PLANTED: readonly Planted[] = [
  {
    name: 'no dedupe',
    run: 'kill',
    isShort: true,
    breaks: ['O'],
    edits: [
      {
        file: 'feeds/rockets.ts',
        find: `const key = ['channel', 'messageNumber']`,
        replace: 'const key: string[] = []',
      },
      ...APPLIED_AGAIN,
    ],
  },
  {
    name: 'no dedupe, while the tables have their keys',
    run: 'kill',
    breaks: ['H', 'C'],
    edits: APPLIED_AGAIN,
  },
  {
    name: 'no lane lock',
    run: 'two',
    isShort: true,
    breaks: ['O', 'F', 'H', 'L', 'C'],
    edits: [
      {
        file: 'src/store/write/lanes.ts',
        find: 'order by lane for update',
        replace: "and pg_sleep(0.02)::text = '' order by lane",
      },
    ],
  },
  {
    name: 'memory trusted whatever the version of the lane',
    run: 'two',
    breaks: ['O', 'U', 'F', 'H', 'L', 'C'],
    edits: [{ file: 'src/engine/transaction.ts', find: 'memory.version !== version', replace: 'memory.version < 0' }],
  },
  {
    name: 'synchronous_commit=off',
    run: 'crash',
    faults: 1,
    isShort: true,
    breaks: ['L'],
    edits: [],
    env: { SYNCHRONOUS_COMMIT: 'off' },
  },
  {
    name: 'acknowledged before the commit',
    run: 'kill',
    isShort: true,
    breaks: ['L'],
    edits: [
      {
        file: 'src/engine/apply.ts',
        find: 'await applier.transactions.run(works, sifts)',
        replace: 'settle(works)\n        await applier.transactions.run(works, sifts)',
      },
    ],
  },
  {
    name: 'no transaction: each statement commits by itself',
    run: 'kill',
    breaks: ['O', 'F', 'L', 'H', 'C'],
    edits: [{ file: 'src/store/write/lanes.ts', find: "client.query('begin')", replace: "client.query('select 1')" }],
  },
  {
    name: 'the position of a lane saved outside the transaction',
    run: 'kill',
    faults: 4,
    breaks: ['F', 'L', 'O', 'C'],
    edits: savedLater('src/store/write/lanes.ts', 'advanceLanes', `await client.query({\n    name: 'advance-lanes'`),
  },
  {
    name: 'an event folded twice',
    run: 'kill',
    isShort: true,
    breaks: ['F'],
    edits: [
      {
        file: 'src/engine/fold.ts',
        find: 'this.#state.evolve(state, event.event, event.type)',
        replace: 'this.#state.evolve(this.#state.evolve(state, event.event, event.type), event.event, event.type)',
      },
    ],
  },
  {
    name: 'held events kept in no table',
    run: 'kill',
    breaks: ['L'],
    edits: [{ file: 'src/engine/persist.ts', find: 'effects.held.length > 0', replace: 'effects.held.length < 0' }],
  },
  {
    name: 'a commit without an answer taken for done',
    run: 'cuts',
    faults: 6,
    breaks: ['L'],
    edits: [
      {
        file: 'src/engine/transaction.ts',
        find: 'if (!(await this.#wasCommitted(sent',
        replace: 'if (false && !(await this.#wasCommitted(sent',
      },
    ],
  },
  {
    name: 'a commit without an answer taken for undone',
    run: 'cuts',
    faults: 6,
    breaks: ['C'],
    edits: [
      {
        file: 'src/engine/transaction.ts',
        find: 'if (!(await this.#wasCommitted(sent',
        replace: 'if (true || !(await this.#wasCommitted(sent',
      },
    ],
  },
  {
    name: 'a batch that failed answered as accepted',
    run: 'crash',
    breaks: ['L'],
    edits: [
      {
        file: 'src/engine/apply.ts',
        find: 'for (const work of works) work.ticket.fail(failure)',
        replace: 'if (failure.code) settle(works)',
      },
      { file: 'src/engine/writer.ts', find: 'retryMs: 5_000', replace: 'retryMs: 0' },
      { file: 'src/engine/apply.ts', find: 'RETRY_MS_MIN = 1_000', replace: 'RETRY_MS_MIN = 0' },
    ],
  },
  {
    name: 'connections that failed never given back',
    run: 'cuts',
    faults: 30,
    breaks: ['R'],
    edits: [{ file: 'src/store/store.ts', find: 'if (!isLate) client.release(true)', replace: 'void client' }],
  },
  {
    name: 'ids of alerts given before the order of the commits',
    run: 'live',
    breaks: ['S'],
    edits: [
      {
        file: 'src/store/migrations/0004-alerts.sql',
        find: 'create table groundstation.stream (',
        replace: 'create sequence groundstation.early;\ncreate table groundstation.stream (',
      },
      {
        file: 'src/store/write/alerts.ts',
        find: 'with counted as (',
        replace: `with early as materialized (
          select nextval('groundstation.early') as id, rule, key, data, topic
          from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as a (rule, key, data, topic)),
        waited as materialized (select max(id) as last, pg_sleep(0.2 * random()) from early),
        counted as (`,
      },
      {
        file: 'src/store/write/alerts.ts',
        find: 'values ($2, cardinality($3::text[]))',
        replace: 'select $2, last from waited',
      },
      {
        file: 'src/store/write/alerts.ts',
        find: 'last_id = s.last_id + excluded.last_id',
        replace: 'last_id = greatest(s.last_id, excluded.last_id)',
      },
      { file: 'src/store/write/alerts.ts', find: 'select $2, base + a.number, $1,', replace: 'select $2, a.id, $1,' },
      {
        file: 'src/store/write/alerts.ts',
        find: `from counted, unnest($3::text[], $4::text[], $5::text[], $6::text[])
          with ordinality as a (rule, key, data, topic, number))`,
        replace: 'from counted, early as a)',
      },
    ],
  },
  {
    name: 'the place told before what leads to it',
    run: 'live',
    breaks: ['S'],
    edits: [
      {
        file: 'src/api/live/follow.ts',
        find: 'await line.write(chunk.bytes, chunk.count)',
        replace: 'await line.write(placeText(log.idOf(chunk.next)))\n      await line.write(chunk.bytes, chunk.count)',
      },
    ],
  },
  {
    name: 'alerts resumed one too early',
    run: 'live',
    breaks: ['S'],
    edits: [
      {
        file: 'src/api/live/alert-log.ts',
        find: '? { place, isReset: false }',
        replace: '? { place: Math.max(0, place - 1), isReset: false }',
      },
    ],
  },
  {
    name: 'states resumed one too late',
    run: 'live',
    breaks: ['S'],
    edits: [
      {
        file: 'src/api/live/lane-tail.ts',
        find: 'this.#entries.slice(position - this.start)',
        replace: 'this.#entries.slice(position - this.start + 1)',
      },
    ],
  },
  {
    name: 'the list of states without what changed meanwhile',
    run: 'live',
    breaks: ['S'],
    edits: [
      {
        file: 'src/api/live/all-states.ts',
        find: 'else if (behind(at, page.positions) > 0) {',
        replace: 'else if (behind(at, page.positions) < 0) {',
      },
      { file: 'src/api/live/state-log.ts', find: 'listPage: 200', replace: 'listPage: 2' },
    ],
  },
]
