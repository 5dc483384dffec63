import type { Duplex } from 'node:stream'
import pg from 'pg'
import { GroundstationError, messageOf } from '../errors.ts'
import { listenOn } from './listen.ts'

export type Row = Record<string, unknown>
export type Query = (text: string, values?: readonly unknown[], name?: string) => Promise<{ rows: Row[] }>
export type Client = pg.PoolClient

export type Store = {
  /** One statement on any connection. `name` keeps it prepared. */
  readonly query: Query
  /**
   * A connection for as long as `work` takes; thrown away where `work` fails. After `msMax` milliseconds it is cut, and
   * `work` fails: the other end may be gone without a word.
   */
  withClient<Result>(work: (client: Client) => Promise<Result>, msMax?: number): Promise<Result>
  /** The same on a connection that takes statements without waiting for the answers before them. No COPY. */
  withPipelined<Result>(work: (client: Client) => Promise<Result>, msMax?: number): Promise<Result>
  /** `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<Result>(work: (client: Client) => Promise<Result>): Promise<Result>
  /** A transaction that at most one process runs at a time, of those that give the same number. */
  exclusively<Result>(lock: number, work: (client: Client) => Promise<Result>): Promise<Result>
  /**
   * Calls back for each notification on a channel, with its payload, on a connection of its own; with an empty one when
   * some may have been missed. Ends with the store.
   */
  listen(channel: string, onNotified: (payload: string) => void): void
  close(): Promise<void>
}

export type StoreOptions = {
  readonly connectionsMax?: number
  readonly log?: (message: string) => void
  /** Only for showing that the tests notice: what happens without durable commits. */
  readonly synchronousCommit?: 'on' | 'off'
}

const INT8 = 20
const TIMESTAMPTZ = 1184
const asIs = (text: string) => text

// int8 holds positions and numbers that the engine keeps below 2^53; times are formatted by the statements themselves.
const types = {
  getTypeParser: (oid: number, format?: string) => {
    if (oid === INT8) return Number
    if (oid === TIMESTAMPTZ) return asIs
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

/** Opens a pool of connections. Errors: STORE_UNREACHABLE, STORE_INCOMPATIBLE. */
export async function openStore(url: string, given: StoreOptions = {}): Promise<Store> {
  let isClosing = false
  // A connection that ends while all of them are closed is no news.
  const options: StoreOptions = { ...given, log: message => isClosing || given.log?.(message) }
  const config = connectionConfig(url, options)
  const trust = new Trust()
  const pool = watched(new pg.Pool(config), options, trust)
  const pipelined = watched(new pg.Pool({ ...config, pipeline: true }), options, trust)
  // Readers have connections of their own: however many ask, the writers get theirs.
  const readers = watched(new pg.Pool({ ...config, query_timeout: READ_MS_MAX }), options, trust)
  const opened = storeOf({ pool, pipelined, readers, trust }, (channel, onNotified) =>
    listenOn(config, channel, onNotified, options.log ?? (() => undefined)),
  )
  const close = () => {
    isClosing = true
    return opened.close()
  }
  const store = { ...opened, close }
  try {
    await checkServer(store)
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}

function connectionConfig(url: string, options: StoreOptions) {
  return {
    connectionString: url,
    max: options.connectionsMax ?? 8,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types,
    application_name: 'groundstation',
    statement_timeout: 60_000,
    lock_timeout: 20_000,
    idle_in_transaction_session_timeout: 60_000,
    // A commit that was acknowledged is on disk, whatever the server's own default is.
    options: `-c TimeZone=UTC -c jit=off -c client_min_messages=warning -c plan_cache_mode=force_generic_plan -c synchronous_commit=${options.synchronousCommit ?? 'on'}`,
  }
}

/** Longer than a statement may take: whoever reads is not answered by anybody. */
const READ_MS_MAX = 65_000

/**
 * Which connections still lead somewhere, as far as is known. Where one was cut because nothing came back on it, those that are as old
 * may be as dead, without a word: nobody is given them again.
 */
class Trust {
  readonly #bornIn = new WeakMap<object, number>()
  #age = 0

  add(client: object): void {
    this.#bornIn.set(client, this.#age)
  }

  isGood(client: object): boolean {
    return this.#bornIn.get(client) === this.#age
  }

  loseAll(): void {
    this.#age++
  }
}

function watched(pool: pg.Pool, options: StoreOptions, trust: Trust): pg.Pool {
  // Without a listener an idle connection's death would take the process down.
  pool.on('error', error => options.log?.(`a database connection ended: ${error.message}`))
  pool.on('connect', client => {
    trust.add(client)
    client.on('error', error => options.log?.(`a database connection ended: ${error.message}`))
  })
  return pool
}

/** `work` with a connection of the pool; one on which something failed is not given to anybody else. */
function clientsOf(pool: pg.Pool, trust: Trust): Store['withClient'] {
  return async (work, msMax) => {
    const client = await connect(pool, trust)
    let isLate = false
    const cut = () => {
      isLate = true
      trust.loseAll()
      cutOff(client)
    }
    const timer = msMax === undefined ? undefined : setTimeout(cut, msMax)
    try {
      const result = await work(client)
      if (!isLate) client.release()
      return result
    } catch (error) {
      if (!isLate) client.release(true)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Ends a connection at once: a polite end of one that pipelines waits for the answers that don't come. */
function cutOff(client: Client): void {
  const { connection } = client as unknown as { connection?: { stream?: Duplex } }
  connection?.stream?.destroy()
  client.release(true)
}

type Listen = (channel: string, onNotified: (payload: string) => void) => { close(): Promise<void> }

type Pools = { readonly pool: pg.Pool; readonly pipelined: pg.Pool; readonly readers: pg.Pool; readonly trust: Trust }

function storeOf({ pool, pipelined, readers, trust }: Pools, listenTo: Listen): Store {
  const withClient = clientsOf(pool, trust)
  let closing: Promise<void> | undefined
  const listeners: { close(): Promise<void> }[] = []
  return {
    query: async (text, values = [], name) => {
      try {
        return await readers.query({ text, values: [...values], ...(name === undefined ? {} : { name }) })
      } catch (error) {
        throw asStoreError(error)
      }
    },
    withClient,
    withPipelined: clientsOf(pipelined, trust),
    listen: (channel, onNotified) => void listeners.push(listenTo(channel, onNotified)),
    transaction: work =>
      withClient(async client => {
        await client.query('begin')
        const result = await work(client)
        await client.query('commit')
        return result
      }),
    exclusively: (lock, work) =>
      withClient(async client => {
        // Taken before the transaction begins: one that is under way doesn't see what the lock's last holder made.
        await client.query('select pg_advisory_lock($1)', [lock])
        await client.query('begin')
        const result = await work(client)
        await client.query('commit')
        await client.query('select pg_advisory_unlock($1)', [lock])
        return result
      }),
    close: () => {
      const ends = () => [...listeners.map(one => one.close()), pool.end(), pipelined.end(), readers.end()]
      closing ??= Promise.all(ends()).then(() => undefined)
      return closing
    },
  }
}

async function connect(pool: pg.Pool, trust: Trust): Promise<Client> {
  try {
    for (;;) {
      const client = await pool.connect()
      if (trust.isGood(client)) return client
      cutOff(client)
    }
  } catch (error) {
    throw asStoreError(error)
  }
}

async function checkServer(store: Store): Promise<void> {
  const { rows } = await store.query(
    "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding",
  )
  const version = Number(rows[0]?.version)
  if (version < 150_000)
    throw new GroundstationError(
      'STORE_INCOMPATIBLE',
      `PostgreSQL ${version / 10_000} is too old: 15 or later is needed`,
    )
  if (rows[0]?.encoding !== 'UTF8')
    throw new GroundstationError(
      'STORE_INCOMPATIBLE',
      `The database's encoding is ${rows[0]?.encoding}: it must be UTF8`,
    )
}

// Lost, refused, shutting down; no room, no memory, a failing disk; a standby that takes no writes.
const UNREACHABLE_STATES = /^(08...|57P0[1-5]|25P0[34]|25006|53...|58...|28...|3D000)$/
// Serialization, deadlock, lock time-out, statement time-out.
const RETRY_STATES = /^(40001|40P01|55P03|57014)$/
const NETWORK = /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EAI_AGAIN)$/
// The other end's certificate isn't trusted, or isn't for that host.
const UNTRUSTED = /^(ERR_TLS_\w+|\w*CERT\w*|UNABLE_TO_\w+)$/

/** How a statement failed: whether the connection is gone, trying again can help, or the data itself is refused. */
export type FailureKind = 'connection' | 'retry' | 'data' | 'other'

export function failureKind(error: unknown): FailureKind {
  if (error instanceof GroundstationError) return error.code === 'STORE_UNREACHABLE' ? 'connection' : 'other'
  const code = (error as { code?: unknown } | undefined)?.code
  if (typeof code === 'string') {
    if (UNREACHABLE_STATES.test(code) || NETWORK.test(code) || UNTRUSTED.test(code)) return 'connection'
    if (RETRY_STATES.test(code)) return 'retry'
    if (/^(22|23|54)/.test(code)) return 'data'
  }
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|does not support SSL/.test(
    messageOf(error),
  )
    ? 'connection'
    : 'other'
}

/** What may pass by itself (a lost connection, a time-out) as STORE_UNREACHABLE; anything else as it is. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof GroundstationError || !['connection', 'retry'].includes(failureKind(error))) return error
  return new GroundstationError('STORE_UNREACHABLE', `The database can't be reached: ${messageOf(error)}`, {
    cause: error,
  })
}
