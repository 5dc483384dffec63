import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { nameOf, type Relation } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import { schemaStatement, viewHead, viewStatements } from '../ddl.ts'
import { qualified, quote } from '../names.ts'
import { type Client, failureKind, type Store } from '../store.ts'
import { refusedView } from './problem.ts'
import { type Found, findRelation, forgetView, loadRecorded, type RecordedView, recordView } from './recorded.ts'
import { isSame } from './same.ts'
import { tries } from './savepoint.ts'

const LOCK = 7_151_033_208
/** A refreshed view that is made anew is filled before it takes the old one's place. */
const FILL_MS_MAX = 600_000
const ATTEMPTS = 3

type Making = {
  readonly client: Client
  readonly feed: CompiledFeed
  readonly recorded: ReadonlyMap<string, RecordedView>
  /** Names of the views that are as declared by now. */
  readonly settled: Set<string>
  readonly log: (message: string) => void
}

/**
 * Makes a feed's views, replaces those that are declared otherwise now, and drops those that aren't any more: all of it or
 * nothing. What is as declared isn't touched. Safe when several processes start at once. Errors: DECLARATION_INVALID.
 */
export function makeViews(store: Store, feed: CompiledFeed, log: (message: string) => void): Promise<void> {
  return alone(store, client => settleViews(client, feed, log))
}

/** Makes those that the feed has never had; what it has stays as it was started with last. */
export function makeMissingViews(store: Store, feed: CompiledFeed, log: (message: string) => void): Promise<void> {
  return alone(store, async client => {
    const recorded = await loadRecorded(client)
    const missing = feed.views.filter(view => !recorded.has(nameOf(view)))
    await settleAll({ client, feed, recorded, settled: new Set(), log }, missing, [])
  })
}

async function alone(store: Store, work: (client: Client) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.exclusively(LOCK, work)
    } catch (error) {
      // Somebody reads a view, or refreshes it, for longer than we wait for a lock.
      if (failureKind(error) !== 'retry' || attempt === ATTEMPTS) throw error
    }
  }
}

/** The same within a transaction of the caller's. */
export async function settleViews(client: Client, feed: CompiledFeed, log: (message: string) => void): Promise<void> {
  const recorded = await loadRecorded(client)
  const making: Making = { client, feed, recorded, settled: new Set(), log }
  const declared = new Set(feed.views.map(nameOf))
  const gone = [...recorded.values()].filter(view => view.feed === feed.name && !declared.has(nameOf(view)))
  await settleAll(making, feed.views, gone)
}

async function settleAll(making: Making, views: readonly CompiledView[], gone: readonly RecordedView[]): Promise<void> {
  if (views.length + gone.length === 0) return
  // Not the user's own: of a user called groundstation that would begin with our schema.
  await making.client.query(`set local search_path = public; set local statement_timeout = ${FILL_MS_MAX}`)
  for (const view of views) {
    await settle(making, view)
    making.settled.add(nameOf(view))
  }
  for (const view of gone) await dropUndeclared(making, view)
}

async function settle(making: Making, view: CompiledView): Promise<void> {
  const { client, feed, recorded } = making
  const known = recorded.get(nameOf(view))
  const found = await findRelation(client, view)
  const fault = (message: string) =>
    new GroundstationError('DECLARATION_INVALID', `The view ${nameOf(view)} of the feed ${feed.name}: ${message}`, {
      at: `views.${nameOf(view)}`,
    })
  if (known !== undefined && known.feed !== feed.name)
    throw fault(`the feed ${known.feed} has one of this name. Start that one without it first, or choose another name`)
  const taken = 'something of this name is in the database that no feed made. Drop or rename it, or choose another name'
  if (found !== undefined && known === undefined) {
    if (found.kind !== kindOf(view) || !(await isSame(client, view))) throw fault(taken)
    return recordView(client, feed.name, view, undefined)
  }
  if (found !== undefined && known?.isRefreshed !== (found.kind === 'refreshed')) throw fault(taken)
  if (found !== undefined && known?.digest === view.digest) return setRefresh(client, view)
  let filledAt: string | undefined
  if (found === undefined) await create(making, view, view, false)
  else filledAt = await replace(making, view, found)
  await recordView(client, feed.name, view, filledAt)
}

const kindOf = ({ refreshMs }: CompiledView): Found['kind'] => (refreshMs === undefined ? 'view' : 'refreshed')

async function setRefresh(client: Client, { schema, name, refreshMs }: CompiledView): Promise<void> {
  await client.query(
    'update groundstation.view set refresh_ms = $3 where schema = $1 and name = $2 and refresh_ms is distinct from $3',
    [schema, name, refreshMs ?? null],
  )
}

/** When its rows are of, where the new one was filled. */
async function replace(making: Making, view: CompiledView, found: Found): Promise<string | undefined> {
  const { client } = making
  const isPlain = view.refreshMs === undefined
  // What others made on top of it stays, as long as its columns do.
  if (isPlain && found.kind === 'view' && (await tries(client, REPLACED, () => create(making, view, view, false))))
    return
  if (isPlain || found.kind !== 'refreshed' || !found.isFilled) {
    await drop(making, view)
    await create(making, view, view, false)
    return undefined
  }
  // Whoever reads the old rows goes on until the new ones are there.
  const next = { schema: view.schema, name: `${view.name.slice(0, 40)}$next` }
  const { rows } = await client.query<{ now: string }>('select clock_timestamp() as now')
  await create(making, view, next, true)
  await drop(making, view)
  await client.query(`alter materialized view ${qualified(next)} rename to ${quote(view.name)}`)
  return rows[0]?.now
}

/** The extended protocol takes one statement, whatever the SQL says; a view takes nothing but a query. */
async function create({ client, feed }: Making, view: CompiledView, as: Relation, isFilled: boolean): Promise<void> {
  const schema = schemaStatement(as.schema)
  const [made = '', ...index] = viewStatements(view, as, isFilled)
  const statement = { text: made, queryMode: 'extended' }
  try {
    if (schema !== undefined) await client.query(schema)
    await client.query(statement)
    await checkKey(client, view, as)
    for (const one of index) await client.query(one)
  } catch (error) {
    throw refusedView(feed.name, view, error, viewHead(view, as).length)
  }
}

async function checkKey(client: Client, { key }: CompiledView, as: Relation): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    'select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0',
    [qualified(as)],
  )
  const missing = key.find(column => !rows.some(({ name }) => name === column))
  if (missing === undefined) return
  const message = `The view ${nameOf(as)} has no column ${missing}, which its key names`
  throw new GroundstationError('DECLARATION_INVALID', message, { at: `views.${nameOf(as)}.key` })
}

/** Drops a view, and what this feed has made on top of it: that is made again in its turn, or not declared any more. */
async function drop({ client, feed, recorded, settled }: Making, view: CompiledView): Promise<void> {
  const known = recorded.get(nameOf(view))
  if (known === undefined || (await dropOne(client, known))) return
  for (const other of recorded.values())
    if (other.feed === feed.name && other !== known && !settled.has(nameOf(other))) await dropOne(client, other)
  try {
    await client.query(dropping(known))
  } catch (error) {
    throw refusedView(feed.name, view, error, 0)
  }
}

async function dropUndeclared({ client, feed, log }: Making, view: RecordedView): Promise<void> {
  if (await dropOne(client, view)) await forgetView(client, view)
  else
    log(
      `the feed ${feed.name} doesn't declare the view ${nameOf(view)} any more, but something else is made on top of it: it stays`,
    )
}

const dropping = (view: RecordedView) =>
  `drop ${view.isRefreshed ? 'materialized view' : 'view'} if exists ${qualified(view)}`

/** False where something else is made on top of it. */
const dropOne = (client: Client, view: RecordedView): Promise<boolean> =>
  tries(client, DEPENDED_ON, () => client.query(dropping(view)))

/** The new columns aren't the old ones and more at the end. */
const REPLACED = '42P16'
const DEPENDED_ON = '2BP01'
