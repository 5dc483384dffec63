import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { type CompiledAccess, compileAccess } from './access.ts'
import { type CompiledAlert, compileAlert } from './alert.ts'
import type { AnyVariants, FeedDeclaration } from './declare.ts'
import { type Environment, textOf } from './env.ts'
import { declarationError, type Fault } from './fault.ts'
import { formFaults } from './form.ts'
import { headerFaults, headersNamed } from './header-columns.ts'
import { type CompiledIdentity, compileIdentity } from './identity.ts'
import { type Parsed, parserOf } from './parse.ts'
import { readerOf, type SchemaNode } from './path.ts'
import { polledFaults } from './polled.ts'
import { readingOf } from './proof.ts'
import { pathFaults } from './served.ts'
import { compileSignature } from './signature.ts'
import { type FeedSource, sourceOf } from './source.ts'
import { type CompiledState, compileState } from './state.ts'
import { type CompiledTable, compileTable, type TableContext } from './table.ts'
import { parseDurationMs } from './time.ts'
import { type Validator, validatorOf } from './validator.ts'
import { type CompiledView, compileView, nameFaults } from './view.ts'

export type CompiledFeed = {
  readonly name: string
  readonly source: FeedSource
  readonly identity: CompiledIdentity
  /** The whole event's schema by type; under `''` for a feed without variants. */
  readonly schemas: ReadonlyMap<string, SchemaNode>
  readonly parse: (raw: Buffer) => Parsed
  /** The type of an event; `''` for a feed without variants. */
  readonly typeOf: (event: unknown) => string
  readonly gaps: { readonly waitMs: number; readonly maxHeld: number }
  readonly tables: readonly CompiledTable[]
  /** Headers of a post that tables have columns for, in small letters. */
  readonly headers: readonly string[]
  readonly tablesOf: (type: string) => readonly CompiledTable[]
  readonly state: CompiledState | undefined
  readonly views: readonly CompiledView[]
  readonly alerts: readonly CompiledAlert[]
  /** Undefined where the feed doesn't say: then the address that the server is bound to does. */
  readonly access: CompiledAccess | undefined
  /** Changes when the same events would fold to another state. */
  readonly fingerprint: string
  /** Changes when the same bytes would be read in another way; of feeds whose keys prove what comes again. */
  readonly reading: Buffer | undefined
}

const MAX_HELD = 10_000

/** Checks a declaration and makes of it what the engine runs. Throws DECLARATION_INVALID with every fault and its place.
 * `environment`: the settings that it names. */
export function compileFeed(declaration: FeedDeclaration, environment: Environment = new Map()): CompiledFeed {
  const faults: Fault[] = formFaults(declaration)
  const name = typeof declaration?.name === 'string' ? declaration.name : ''
  if (faults.length > 0) throw declarationError(name || '(without a name)', faults)
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(name))
    faults.push({ place: 'name', message: 'a name has small letters, digits and -, and starts with a letter' })
  const { schemas, envelope, types } = shapesOf(declaration, faults)
  const identity = compileIdentity(declaration.identity, [...schemas.values()], faults)
  if (types !== undefined && identity.typePath === undefined)
    faults.push({ place: 'identity.type', message: 'variants need the path that names their type' })
  const context: TableContext = { schemaOf: schemas, keyPath: identity.keyPath, typed: types !== undefined }
  const tables = Object.entries(declaration.tables ?? {}).map(([table, declared]) =>
    compileTable(table, declared, context, faults),
  )
  const state = declaration.state === undefined ? undefined : compileState(declaration.state, types, faults)
  if (state !== undefined && identity.kind !== 'sequenced' && identity.kind !== 'snapshot')
    faults.push({
      place: 'state',
      message: 'a state needs events with a key: identity by key and sequence, or snapshot',
    })
  const { source } = declaration
  const readTopic = source === undefined || source.kind === 'poll' ? undefined : source.topic
  const alertContext = {
    environment,
    schemas,
    stateSchema: state?.schema,
    isTyped: types !== undefined,
    readTopic: readTopic === undefined ? undefined : textOf(readTopic, environment),
  }
  const views = Object.entries(declaration.views ?? {}).map(([view, declared]) => compileView(view, declared, faults))
  faults.push(...nameFaults(tables, views))
  const alerts = Object.entries(declaration.alerts ?? {}).map(([rule, declared]) =>
    compileAlert(rule, declared, alertContext, faults),
  )
  checkPlaces(declaration, identity, tables, faults)
  const signature = compileSignature(source?.kind === 'http' ? source.signature : undefined, environment, faults)
  const access = compileAccess(declaration.access, signature !== undefined, faults)
  const waitMs = parseDurationMs(declaration.gaps?.wait ?? '30s')
  if (waitMs === undefined) faults.push({ place: 'gaps.wait', message: "expected a number and a unit, such as '30s'" })
  const validators = new Map<string, Validator>()
  if (faults.length === 0) for (const [type, schema] of schemas) validators.set(type, validatorOf(schema))
  if (faults.length > 0) throw declarationError(name || '(without a name)', faults)
  const checkedTables = tables.filter(table => table.columns.some(column => column.needsCheck))
  const typeOf = types === undefined ? () => '' : readerOf(identity.typePath ?? '')
  return {
    name,
    source: sourceOf(source, environment, signature),
    identity,
    schemas,
    typeOf: event => String(typeOf(event) ?? ''),
    parse: parserOf({ identity, typeOf, validators, envelope, checkedTables }),
    gaps: { waitMs: waitMs ?? 0, maxHeld: declaration.gaps?.maxHeld ?? MAX_HELD },
    tables,
    headers: headersNamed(tables),
    tablesOf: tablesByType(tables),
    state,
    views,
    alerts,
    access,
    fingerprint: fingerprintOf(declaration),
    reading: source?.kind === 'poll' && identity.kind === 'snapshot' ? readingOf(declaration) : undefined,
  }
}

type Shapes = {
  readonly schemas: ReadonlyMap<string, SchemaNode>
  readonly envelope: Validator | undefined
  /** The event types of a feed of variants. */
  readonly types: readonly string[] | undefined
}

function shapesOf({ event }: FeedDeclaration, faults: Fault[]): Shapes {
  if (event === null || typeof event !== 'object') {
    faults.push({ place: 'event', message: 'a schema is missing' })
    return { schemas: new Map(), envelope: undefined, types: undefined }
  }
  if (!('payloads' in event && 'envelope' in event)) {
    const schema = event as SchemaNode
    if (schema.type !== 'object') faults.push({ place: 'event', message: 'an event is described as an object' })
    return { schemas: new Map([['', schema]]), envelope: undefined, types: undefined }
  }
  const { envelope, payloads } = event as AnyVariants
  if (envelope.name === payloads.name)
    faults.push({ place: 'event', message: 'envelope and payload are at one property' })
  const schemas = new Map<string, SchemaNode>()
  for (const [type, payload] of Object.entries(payloads.schema))
    schemas.set(type, Type.Object({ [envelope.name]: envelope.schema, [payloads.name]: payload }))
  return {
    schemas,
    envelope: validatorOf(Type.Object({ [envelope.name]: envelope.schema })),
    types: [...schemas.keys()],
  }
}

function checkPlaces(
  declaration: FeedDeclaration,
  identity: CompiledIdentity,
  tables: readonly CompiledTable[],
  faults: Fault[],
): void {
  if (declaration.source === undefined)
    faults.push({
      place: 'source',
      message: 'a feed has a source: http({ path }), kafka({ topic }) or poll({ url, every })',
    })
  faults.push(...polledFaults(declaration, identity))
  for (const table of tables)
    if (table.rows === 'latest' && !identity.isKeyed)
      faults.push({ place: `tables.${table.name}.rows`, message: "'latest' needs events with a key" })
  faults.push(...pathFaults(declaration), ...headerFaults(declaration, tables))
}

function tablesByType(tables: readonly CompiledTable[]): (type: string) => readonly CompiledTable[] {
  const known = new Map<string, readonly CompiledTable[]>()
  return type => {
    const found = known.get(type)
    if (found !== undefined) return found
    const fitting = tables.filter(table => table.when === undefined || table.when.has(type))
    known.set(type, fitting)
    return fitting
  }
}

function fingerprintOf({ identity, state }: FeedDeclaration): string {
  const evolve = state?.evolve
  const sources =
    typeof evolve === 'function'
      ? [String(evolve)]
      : Object.entries(evolve ?? {}).map(([type, one]) => `${type}:${one}`)
  // The schema too: an event whose state it refuses is skipped.
  const parts = [identity, state?.initial ?? null, state?.version ?? 0, sources.sort(), state?.schema ?? null]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
