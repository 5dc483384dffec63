import { buffer } from 'node:stream/consumers'
import { to } from 'pg-copy-streams'
import { type Client, openStore } from '../../src/store/store.ts'

/** How the rows are cut: as the engine's writers do, each with its own lanes. */
export type Cut = { readonly url: string; readonly connections: number; readonly batch: number }

export type Copied = { readonly target: string; readonly bytes: Buffer }
/** The COPY statements of each transaction of each connection. */
export type Load = { readonly connections: readonly (readonly (readonly Copied[])[])[]; readonly rows: number }

type Table = { readonly name: string; readonly columns: string; readonly isRecord: boolean }
type Rows = { readonly target: string; readonly bytes: Buffer; readonly offsets: readonly number[] }

/** Signature, no flags, no extension. */
export const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const COPY_ENDING = Buffer.from([0xff, 0xff])

/** Reads what is on the record and in the feed's tables, in the order in which it was written. */
export async function readLoad({ url, connections, batch }: Cut): Promise<Load> {
  const store = await openStore(url)
  try {
    return await store.withClient(async client => {
      const tables = await findTables(client)
      const all = []
      for (let connection = 0; connection < connections; connection++) {
        const ofWriter = []
        for (const table of tables) ofWriter.push(await readRows(client, table, connections, connection))
        all.push(ofWriter)
      }
      return {
        connections: all.map(rows => cutUp(rows, batch)),
        rows: all.reduce((sum, [record]) => sum + sizeOf(record), 0),
      }
    })
  } finally {
    await store.close()
  }
}

const sizeOf = (rows: Rows | undefined): number => Math.max(0, (rows?.offsets.length ?? 0) - 1)

/** The record's leaf first, then the tables of the rockets: those with a channel. */
async function findTables(client: Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    select format('%I.%I', n.nspname, c.relname) as name, n.nspname = 'groundstation' as "isRecord",
      (select string_agg(format('%I', attname), ', ' order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and (c.relname ~ ('^event_' || (select id from groundstation.feed where name = 'rockets') || '_[0-9]+_[0-9]+$')
      or n.nspname = 'public' and exists (select from pg_attribute where attrelid = c.oid and attname = 'channel'))
    order by 2 desc, 1`)
  return rows
}

async function readRows(client: Client, table: Table, connections: number, connection: number): Promise<Rows> {
  const { name, columns, isRecord } = table
  const source = isRecord
    ? `select ${columns} from ${name} t where lane % ${connections} = ${connection}`
    : `select ${columns.replaceAll(/[^,\s]+/g, 't.$&')} from ${name} t
       join groundstation.key k on k.key = t.channel::text where k.lane % ${connections} = ${connection}`
  const bytes = await buffer(client.query(to(`copy (${source} order by t.ctid) to stdout (format binary)`)))
  return { target: `${name} (${columns})`, bytes, offsets: offsetsOf(bytes) }
}

/** Where each row begins in what COPY gave, and where the last one ends. */
function offsetsOf(bytes: Buffer): number[] {
  const offsets: number[] = []
  let at = COPY_HEADER.length
  for (let fields = bytes.readInt16BE(at); fields !== -1; fields = bytes.readInt16BE(at)) {
    offsets.push(at)
    at += 2
    for (let field = 0; field < fields; field++) at += 4 + Math.max(0, bytes.readInt32BE(at))
  }
  offsets.push(at)
  return offsets
}

/** Transactions of so many rows of the record, each with its even share of every table. */
function cutUp(all: readonly Rows[], batch: number): Copied[][] {
  const transactions = Math.ceil(sizeOf(all[0]) / batch)
  return Array.from({ length: transactions }, (_, index) =>
    all.flatMap(rows => {
      const place = (part: number): number => rows.offsets[Math.floor((sizeOf(rows) * part) / transactions)] ?? 0
      const [from, end] = [place(index), place(index + 1)]
      if (from === end) return []
      const body = rows.bytes.subarray(from, end)
      return [{ target: rows.target, bytes: Buffer.concat([COPY_HEADER, body, COPY_ENDING]) }]
    }),
  )
}
