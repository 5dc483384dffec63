import { type Environment, type FromEnvironment, isFromEnvironment, textOf } from './env.ts'
import type { Fault } from './fault.ts'
import { describe, readerOf, type SchemaNode } from './path.ts'

type Scalar = string | number | boolean | null

/** What a value must be; several of them must all hold. */
export type Condition = {
  readonly equals?: Scalar | FromEnvironment
  readonly oneOf?: readonly Scalar[]
  readonly above?: number
  readonly atLeast?: number
  readonly below?: number
  readonly atMost?: number
}

/** Conditions by path: `{ 'message.by': { above: 3000 } }`. All must hold. */
export type Conditions = Readonly<Record<string, Condition>>

export type Predicate = (subject: unknown) => boolean

type Test = (value: unknown) => boolean

const COMPARISONS: Readonly<Record<string, (bound: number) => Test>> = {
  above: bound => value => typeof value === 'number' && value > bound,
  atLeast: bound => value => typeof value === 'number' && value >= bound,
  below: bound => value => typeof value === 'number' && value < bound,
  atMost: bound => value => typeof value === 'number' && value <= bound,
}

export type ConditionContext = {
  readonly environment: Environment
  /** Each schema that the subject may have. */
  readonly schemas: readonly SchemaNode[]
  readonly place: string
}

/** Whether a subject is as the conditions say; adds to `faults` what can never be. */
export function compileConditions(conditions: unknown, context: ConditionContext, faults: Fault[]): Predicate {
  const { place, schemas } = context
  if (typeof conditions !== 'object' || conditions === null || Object.keys(conditions).length === 0) {
    faults.push({ place, message: "conditions by path, such as { 'order.total': { above: 100 } }" })
    return () => false
  }
  const tests = Object.entries(conditions).map(([path, condition]) => {
    if (!schemas.some(schema => describe(schema, path) !== undefined))
      faults.push({ place: `${place}.${path}`, message: `the schema doesn't describe '${path}'` })
    const read = readerOf(path)
    const holds = compileCondition(condition, { ...context, place: `${place}.${path}` }, faults)
    return (subject: unknown) => holds(read(subject))
  })
  return subject => tests.every(test => test(subject))
}

function compileCondition(condition: unknown, { environment, place }: ConditionContext, faults: Fault[]): Test {
  const tests: Test[] = []
  if (typeof condition === 'object' && condition !== null)
    for (const [name, bound] of Object.entries(condition)) {
      const test = testOf(name, bound, environment)
      if (test === undefined) faults.push({ place: `${place}.${name}`, message: expectedOf(name) })
      else tests.push(test)
    }
  else faults.push({ place, message: "a condition is an object, such as { equals: 'A' }" })
  if (tests.length === 0) return () => false
  return value => tests.every(test => test(value))
}

function testOf(name: string, bound: unknown, environment: Environment): Test | undefined {
  if (name === 'equals') {
    const wanted = isFromEnvironment(bound) ? textOf(bound, environment) : bound
    return isScalar(wanted) ? value => value === wanted : undefined
  }
  if (name === 'oneOf') {
    if (!Array.isArray(bound) || bound.length === 0 || !bound.every(isScalar)) return undefined
    const wanted = new Set<unknown>(bound)
    return value => wanted.has(value)
  }
  return typeof bound === 'number' && Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name]?.(bound) : undefined
}

const isScalar = (value: unknown): value is Scalar =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value)

function expectedOf(name: string): string {
  if (name === 'equals') return 'expected a text, a number, true, false or null'
  if (name === 'oneOf') return 'expected a list of texts or numbers'
  if (Object.hasOwn(COMPARISONS, name)) return 'expected a number'
  return `a condition is one of equals, oneOf, ${Object.keys(COMPARISONS).join(', ')}`
}
