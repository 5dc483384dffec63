import type { TSchema } from 'typebox'
import Format from 'typebox/format'
// What 'typebox/compile' checks with, without the 150 files of what it can do beside that: they take time at each start.
import { Compile } from 'typebox/schema'
import { isUuid, parseTime } from './time.ts'

// The library's own formats are regular expressions that take most of a check's time, and its times aren't RFC 3339 to the letter.
Format.Set('uuid', isUuid)
Format.Set('date-time', text => parseTime(text) !== undefined)

export type Violation = { readonly pointer: string; readonly message: string }
export type Validator = {
  readonly check: (value: unknown) => boolean
  /** The first rule that a value breaks. Only for a value that `check` has refused. */
  readonly violation: (value: unknown) => Violation
  /** The first place of a refused value where an integer is wanted and isn't; undefined where there is none. */
  readonly integerViolation: (value: unknown) => Violation | undefined
}

/** Compiles a schema to a check. Throws what the library throws where the schema is none. */
export function validatorOf(schema: TSchema): Validator {
  const compiled = Compile(schema)
  return {
    check: value => compiled.Check(value),
    violation: value => {
      const [, [error]] = compiled.Errors(value)
      const missing = error?.keyword === 'required' ? error.params.requiredProperties : undefined
      return {
        pointer: (error?.instancePath ?? '') + (missing?.[0] === undefined ? '' : `/${missing[0]}`),
        message: missing?.[0] === undefined ? (error?.message ?? 'does not fit the schema') : 'is missing',
      }
    },
    integerViolation: value => {
      const [, errors] = compiled.Errors(value)
      const error = errors.find(
        ({ keyword, params }) => keyword === 'type' && String((params as { type?: unknown }).type).includes('integer'),
      )
      return error === undefined ? undefined : { pointer: error.instancePath, message: error.message }
    },
  }
}
