import { COPY_ENDING, COPY_HEADER, type Load } from './copied-rows.ts'
import { type LoadRecord, type RecordTraffic, rocketRecords } from './records.ts'

/** The least that anybody keeps of such a topic: one table, one key, the event. */
export const KEYED_TABLE =
  'create table keyed (channel text, number bigint, event jsonb, primary key (channel, number))'
const TARGET = 'keyed (channel, number, event)'

export type KeyedCut = { readonly traffic: RecordTraffic; readonly connections: number; readonly batch: number }

/** The rows of the same records, each rocket's on one connection, encoded. */
export function keyedLoad({ traffic, connections, batch }: KeyedCut): Load {
  const records = rocketRecords(traffic)
  const split = Array.from({ length: connections }, (_, connection) =>
    records.filter(({ partition }) => partition % connections === connection),
  )
  const transactions = split.map(own =>
    Array.from({ length: Math.ceil(own.length / batch) }, (_, index) => {
      const some = own.slice(index * batch, (index + 1) * batch)
      return [{ target: TARGET, bytes: Buffer.concat([COPY_HEADER, ...some.map(rowOf), COPY_ENDING]) }]
    }),
  )
  return { connections: transactions, rows: records.length }
}

function rowOf({ key, number, value }: LoadRecord): Buffer {
  return Buffer.concat([
    int16(3),
    int32(key.length),
    key,
    int32(8),
    int64(number),
    int32(1 + value.length),
    JSONB,
    value,
  ])
}

/** The version of its binary format: text follows. */
const JSONB = Buffer.from([1])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
