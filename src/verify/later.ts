import type { CompiledFeed } from '../feed/compile.ts'
import { describe } from '../feed/path.ts'
import { valueAt } from './lines.ts'

/** Whether an event is at least as late as another of its key, by (order, id): nothing of this is shared with the code that ranks. */
export type IsLater = (event: unknown, than: unknown) => boolean

/** Where versions have no order of their own, what is read later is later. */
export function laterIn({ identity, schemas }: CompiledFeed): IsLater {
  const { orderPath, idPath, idOf } = identity
  const [schema] = schemas.values()
  if (orderPath === undefined || idPath === undefined || schema === undefined) return () => true
  const isTime = describe(schema, orderPath)?.schema.format === 'date-time'
  return (event, than) => {
    const byOrder = compare(valueAt(event, orderPath), valueAt(than, orderPath), isTime)
    return (byOrder || compare(idOf?.(event), idOf?.(than), false)) >= 0
  }
}

function compare(first: unknown, second: unknown, isTime: boolean): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second
  const [a, b] = [String(first), String(second)]
  return isTime ? compareTimes(a, b) : Buffer.from(a).compare(Buffer.from(b))
}

function compareTimes(first: string, second: string): number {
  const [a, b] = [partsOf(first), partsOf(second)]
  return a.ms - b.ms || (a.digits < b.digits ? -1 : Number(a.digits > b.digits))
}

/** Whole seconds, as milliseconds, and the fraction's digits without the zeros at their end. */
function partsOf(text: string): { ms: number; digits: string } {
  const match = /^(\d{4}-\d\d-\d\d).(\d\d:\d\d:)(\d\d)(?:\.(\d*?)0*)?([Zz]|[+-]\d\d:\d\d)$/.exec(text)
  const [, day, minute, second, digits = '', zone = ''] = match ?? []
  return { ms: Date.parse(`${day}T${minute}00${zone.toUpperCase()}`) + Number(second) * 1000, digits }
}
