import type { ColumnType } from './column.ts'
import type { SchemaNode } from './path.ts'
import { isUuid, parseTime } from './time.ts'

/** Whether a schema lets through nothing that a column can't hold. */
export function guarantees(schema: SchemaNode, type: ColumnType): boolean {
  switch (type) {
    case 'text':
      return schema.type === 'string'
    case 'integer':
      return (
        schema.type === 'integer' && (schema.minimum ?? -Infinity) >= INT_MIN && (schema.maximum ?? Infinity) <= INT_MAX
      )
    case 'bigint':
      return (
        schema.type === 'integer' &&
        (schema.minimum ?? -Infinity) >= Number.MIN_SAFE_INTEGER &&
        (schema.maximum ?? Infinity) <= Number.MAX_SAFE_INTEGER
      )
    case 'double':
      return schema.type === 'number' || schema.type === 'integer'
    case 'boolean':
      return schema.type === 'boolean'
    case 'timestamp':
      return schema.type === 'string' && schema.format === 'date-time'
    case 'uuid':
      return schema.type === 'string' && schema.format === 'uuid'
    case 'json':
      return true
  }
}

const INT_MIN = -2_147_483_648
const INT_MAX = 2_147_483_647

/** Why a column can't hold a value, in words; undefined where it can. Null and undefined are NULL. */
export function misfit(type: ColumnType, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (type) {
    case 'text':
      return typeof value === 'string' && value.isWellFormed() && !value.includes('\u0000')
        ? undefined
        : 'must be a text without U+0000'
    case 'integer':
      return Number.isInteger(value) && (value as number) >= INT_MIN && (value as number) <= INT_MAX
        ? undefined
        : `must be an integer from ${INT_MIN} to ${INT_MAX}`
    case 'bigint':
      return Number.isSafeInteger(value) ? undefined : 'must be an integer within 2^53'
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'must be a finite number'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false'
    case 'timestamp':
      return typeof value === 'string' && parseTime(value) !== undefined ? undefined : 'must be an RFC 3339 time'
    case 'uuid':
      return typeof value === 'string' && isUuid(value) ? undefined : 'must be a UUID'
    case 'json':
      return JSON.stringify(value) === undefined ? 'must be JSON' : undefined
  }
}
