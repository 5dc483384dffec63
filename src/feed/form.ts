import { isFromEnvironment } from './env.ts'
import type { Fault } from './fault.ts'
import { pollFaults } from './poll.ts'
import { signatureFaults } from './signature.ts'
import { viewFormFaults } from './view.ts'

/**
 * The bare form of a declaration. A feed file's types are stripped, not checked, when it is loaded, so a mistake that the
 * compiler would have found arrives here; what follows may then rely on the form.
 */
export function formFaults(declaration: unknown): Fault[] {
  const faults: Fault[] = []
  const fault = (place: string, message: string) => void faults.push({ place, message })
  if (!isFields(declaration)) return [{ place: '', message: 'a declaration is an object' }]
  const { source, identity, gaps, tables, state, alerts } = declaration
  if (source !== undefined && !(isFields(source) && ['http', 'kafka', 'poll'].includes(String(source.kind))))
    fault('source.kind', 'a source is http({ path }), kafka({ topic }) or poll({ url, every })')
  if (isFields(source) && source.kind === 'http' && typeof source.path !== 'string')
    fault('source.path', 'an http source has a path')
  if (isFields(source)) topicFaults(source, fault)
  if (isFields(source)) postFaults(source, faults)
  if (isFields(source) && source.kind === 'poll') faults.push(...pollFaults(source))
  identityFaults(identity, fault)
  if (gaps !== undefined && !(isFields(gaps) && typeof gaps.wait === 'string'))
    fault('gaps.wait', "expected a number and a unit, such as '30s'")
  if (isFields(gaps) && gaps.maxHeld !== undefined && !(Number.isInteger(gaps.maxHeld) && Number(gaps.maxHeld) >= 1))
    fault('gaps.maxHeld', 'expected a whole number from 1')
  if (tables !== undefined && !isFields(tables)) fault('tables', 'tables are an object, by their names')
  for (const [name, table] of Object.entries(isFields(tables) ? tables : {}))
    tableFaults(`tables.${name}`, table, fault)
  if (state !== undefined && !(isFields(state) && typeof state.path === 'string' && typeof state.key === 'string'))
    fault('state', 'a state has a path and a key')
  if (state !== undefined && !(isFields(state) && isFields(state.schema))) fault('state.schema', 'a schema is missing')
  faults.push(...viewFormFaults(declaration.views))
  if (alerts !== undefined && !isFields(alerts)) fault('alerts', 'alerts are an object, by the names of their rules')
  for (const [rule, alert] of Object.entries(isFields(alerts) ? alerts : {}))
    if (!isFields(alert)) fault(`alerts.${rule}`, 'a rule is an object that says when')
  return faults
}

type Tell = (place: string, message: string) => void
type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function topicFaults({ kind, topic, partitions }: Fields, fault: Tell): void {
  if (kind === 'kafka' && topic === undefined) fault('source.topic', 'a kafka source has a topic')
  const name = isFromEnvironment(topic) ? topic.otherwise : topic
  if (topic !== undefined && !(typeof name === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(name)))
    fault('source.topic', "a topic's name has letters, digits, '.', '_' and '-', 249 at most")
  if (partitions !== undefined && !(Number.isInteger(partitions) && Number(partitions) >= 1))
    fault('source.partitions', 'expected a whole number from 1')
}

/** A header's name, by RFC 9110. */
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/

function postFaults({ kind, signature, idempotencyKey }: Fields, faults: Fault[]): void {
  faults.push(...signatureFaults(signature))
  if (idempotencyKey !== undefined && !(typeof idempotencyKey === 'string' && HEADER.test(idempotencyKey)))
    faults.push({ place: 'source.idempotencyKey', message: "expected a header's name, such as 'X-GitHub-Delivery'" })
  if (kind !== 'http' && (signature !== undefined || idempotencyKey !== undefined))
    faults.push({ place: 'source', message: 'a signature and an idempotencyKey are for http sources' })
}

const KINDS = ['sequence', 'unique', 'position', 'snapshot']
const COLUMN_TYPES = ['text', 'integer', 'bigint', 'double', 'boolean', 'timestamp', 'uuid', 'json']

function identityFaults(identity: unknown, fault: Tell): void {
  if (!isFields(identity) || !KINDS.some(kind => kind in identity))
    return fault('identity', 'events are told apart by key and sequence, unique, position or snapshot')
  for (const name of ['key', 'sequence', 'unique', 'order', 'snapshot', 'time', 'type', 'horizon'])
    if (name in identity && identity[name] !== undefined && typeof identity[name] !== 'string')
      fault(`identity.${name}`, 'expected a text')
  if ('unique' in identity && (identity.key === undefined) !== (identity.order === undefined))
    fault(`identity.${identity.key === undefined ? 'key' : 'order'}`, 'a key and an order belong together')
  if ('sequence' in identity && identity.key === undefined) fault('identity.key', 'a sequence counts within a key')
}

/** Where a column's value may come from. */
const FROM: Fields = { path: 'string', compute: 'function', fact: 'string', ordinal: 'boolean' }
const isFrom = (column: Fields, from: string) => typeof column[from] === FROM[from]

function tableFaults(place: string, table: unknown, fault: Tell): void {
  if (!isFields(table) || !isFields(table.columns)) return fault(`${place}.columns`, 'a table has at least one column')
  for (const name of ['path', 'each'])
    if (table[name] !== undefined && typeof table[name] !== 'string') fault(`${place}.${name}`, 'expected a text')
  for (const [name, column] of Object.entries(table.columns)) {
    const at = `${place}.columns.${name}`
    if (!isFields(column) || !COLUMN_TYPES.includes(String(column.type)))
      fault(at, `a column's type is one of ${COLUMN_TYPES.join(', ')}`)
    else if ('series' in column && column.type !== 'integer') fault(at, 'a number of a series is an integer')
    else if (column.fact === 'header' && !HEADER.test(String(column.header)))
      fault(at, "expected a header's name, such as 'X-GitHub-Event'")
    else if (!['path', 'compute', 'fact', 'ordinal'].some(from => isFrom(column, from)))
      fault(at, 'a column has a path or a function')
  }
}
