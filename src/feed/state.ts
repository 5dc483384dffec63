import type { FeedDeclaration } from './declare.ts'
import { isStorable } from './exact.ts'
import type { Fault } from './fault.ts'
import type { SchemaNode } from './path.ts'
import { validatorOf } from './validator.ts'

export type StateValue = Readonly<Record<string, unknown>>

export type SortKind = 'text' | 'number' | 'boolean'
export type SortField = {
  readonly name: string
  readonly kind: SortKind
  /** A field of what `evolve` carries, or one of the three that every state has. */
  readonly of: 'state' | 'key' | 'sequence' | 'time'
}

export type CompiledState = {
  readonly path: string
  readonly keyName: string
  readonly sequenceName: string
  readonly timeName: string
  readonly schema: SchemaNode
  /** Whether fields that the schema doesn't name are served, too: it says `additionalProperties: true`. */
  readonly isOpen: boolean
  readonly initial: StateValue
  readonly evolve: (state: StateValue, event: unknown, type: string) => StateValue
  /** What `evolve` gave, frozen; throws a TypeError where that is no state: no object, a promise, not as the schema says, or not storable. */
  readonly accept: (next: unknown) => StateValue
  /** The text of each function of the fold. */
  readonly sources: readonly string[]
  readonly sort: readonly SortField[]
}

export type Standing = {
  readonly key: string
  readonly sequence: number
  readonly time: string | null
  readonly complete: boolean
  readonly state: StateValue
}

/**
 * A state as the API serves it: key, the declared fields in their order, of an open one all others that it carries, number,
 * time, `complete`.
 */
export function present(state: CompiledState, standing: Standing): Record<string, unknown> {
  const shown = { [state.keyName]: standing.key, ...carried(state, standing.state) }
  shown[state.sequenceName] = standing.sequence
  shown[state.timeName] = standing.time
  shown.complete = standing.complete
  return shown
}

/** What a state carries, as it is served: without the names that say where it stands. */
export function carried(state: CompiledState, value: StateValue): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const name of Object.keys(state.schema.properties ?? {})) shown[name] = value[name] ?? null
  if (!state.isOpen) return shown
  const taken = [state.keyName, state.sequenceName, state.timeName, 'complete']
  // Entries, for a field may be called __proto__.
  const others = Object.entries(value).filter(([name]) => !Object.hasOwn(shown, name) && !taken.includes(name))
  return { ...shown, ...Object.fromEntries(others) }
}

export function compileState(
  declared: NonNullable<FeedDeclaration['state']>,
  types: readonly string[] | undefined,
  faults: Fault[],
): CompiledState {
  const schema = declared.schema as SchemaNode
  const fault = (place: string, message: string) => faults.push({ place: `state.${place}`, message })
  if (schema.type !== 'object') fault('schema', 'a state is an object')
  else if (!validatorOf(schema).check(declared.initial)) {
    const { pointer, message } = validatorOf(schema).violation(declared.initial)
    fault('initial', `${pointer} ${message}`.trim())
  }
  const evolve = declared.evolve as unknown
  if (types === undefined && typeof evolve !== 'function') fault('evolve', 'a feed with one schema has one function')
  for (const type of types ?? []) {
    const one: unknown = (evolve as Record<string, unknown> | undefined)?.[type]
    if (typeof one !== 'function') fault(`evolve.${type}`, 'there is no function for this event type')
  }
  for (const type of types === undefined ? [] : Object.keys((evolve ?? {}) as object))
    if (!types?.includes(type)) fault(`evolve.${type}`, 'there is no such event type')
  const sequenceName = declared.stands?.sequence ?? 'sequence'
  const timeName = declared.stands?.time ?? 'time'
  const taken = [declared.key, sequenceName, timeName, 'complete']
  for (const name of Object.keys(schema.properties ?? {}))
    if (taken.includes(name)) fault(`schema.${name}`, 'the state has a field of this name already')
  const sort: SortField[] = []
  for (const name of declared.sort ?? []) {
    const field = sortField(name, { keyName: declared.key, sequenceName, timeName, schema })
    if (field === undefined) fault('sort', `${name} is no text, number or boolean of the state`)
    else sort.push(field)
  }
  if (!sort.some(field => field.of === 'key')) sort.unshift({ name: declared.key, kind: 'text', of: 'key' })
  return {
    path: declared.path,
    keyName: declared.key,
    sequenceName,
    timeName,
    schema,
    isOpen: isOpen(schema),
    initial: deepFrozen(declared.initial as StateValue),
    evolve: evolverOf(evolve, types !== undefined),
    accept: acceptorOf(schema),
    sources: (typeof evolve === 'function' ? [evolve] : Object.values((evolve ?? {}) as object)).map(String),
    sort,
  }
}

/** Every key starts from the one initial state, so a fold that changes it in place must not get far. */
function deepFrozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) deepFrozen(inner)
  return Object.freeze(value)
}

type Evolver = (state: StateValue, event: unknown) => StateValue

function evolverOf(evolve: unknown, typed: boolean): CompiledState['evolve'] {
  if (!typed) return (state, event) => (evolve as Evolver)(state, event)
  const byType = new Map(Object.entries((evolve ?? {}) as Record<string, Evolver>))
  return (state, event, type) => byType.get(type)?.(state, event) ?? state
}

function sortField(
  name: string,
  state: { keyName: string; sequenceName: string; timeName: string; schema: SchemaNode },
): SortField | undefined {
  if (name === state.keyName) return { name, kind: 'text', of: 'key' }
  if (name === state.sequenceName) return { name, kind: 'number', of: 'sequence' }
  if (name === state.timeName) return { name, kind: 'text', of: 'time' }
  const schema = state.schema.properties?.[name]
  const kind = schema === undefined ? undefined : sortKind(schema)
  return kind === undefined ? undefined : { name, kind, of: 'state' }
}

function sortKind(schema: SchemaNode): SortKind | undefined {
  if (schema.type === 'string') return 'text'
  if (schema.type === 'integer' || schema.type === 'number') return 'number'
  if (schema.type === 'boolean') return 'boolean'
  const options = (schema as { anyOf?: readonly SchemaNode[] }).anyOf ?? []
  return options.map(sortKind).find(kind => kind !== undefined)
}

/** A state is what the schema says, after each event: what a store can't give back as it was would fold on differently. */
function acceptorOf(schema: SchemaNode): (next: unknown) => StateValue {
  const validator = schema.type === 'object' ? validatorOf(schema) : undefined
  const isFlat = !isOpen(schema) && Object.values(schema.properties ?? {}).every(isScalar)
  return next => {
    if (typeof next !== 'object' || next === null || Array.isArray(next))
      throw new TypeError('evolve gave no state: it must return an object')
    if (typeof (next as { then?: unknown }).then === 'function') {
      // One that rejects later would take the process down.
      Promise.resolve(next).catch(() => undefined)
      throw new TypeError('evolve gave a promise: it must be synchronous')
    }
    if (validator !== undefined && !validator.check(next)) {
      const { pointer, message } = validator.violation(next)
      throw new TypeError(`evolve gave a state that its schema refuses: ${pointer} ${message}`)
    }
    return isFlat ? frozenFlat(next as StateValue) : frozenThrough(next as StateValue)
  }
}

const isOpen = (schema: SchemaNode): boolean =>
  (schema as { additionalProperties?: unknown }).additionalProperties === true

function isScalar(schema: SchemaNode): boolean {
  const options = (schema as { anyOf?: readonly SchemaNode[] }).anyOf
  if (options !== undefined) return options.every(isScalar)
  return ['string', 'integer', 'number', 'boolean', 'null'].includes(schema.type ?? '')
}

function frozenFlat(state: StateValue): StateValue {
  for (const name in state) checkText(state[name])
  return Object.freeze(state)
}

function frozenThrough<Value extends object>(value: Value): Value {
  if (Object.isFrozen(value)) return value
  if (!Array.isArray(value)) for (const name in value) checkText(name)
  for (const inner of Object.values(value)) {
    checkText(inner)
    if (typeof inner === 'object' && inner !== null) frozenThrough(inner)
  }
  return Object.freeze(value)
}

/** Half of a character, as a cut through the middle leaves one, is no text that could be kept. */
function checkText(value: unknown): void {
  if (typeof value === 'string' && !isStorable(value))
    throw new TypeError('evolve gave a state with half a character or U+0000 in a text: no store takes it')
}
