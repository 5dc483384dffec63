import type { CompiledFeed } from '../feed/compile.ts'
import { describe } from '../feed/path.ts'

/** Whether keys are UUIDs, which are kept in small letters however they were posted. */
export function isUuidKey({ identity, schemas }: CompiledFeed): boolean {
  const [schema] = schemas.values()
  if (schema === undefined || identity.keyPath === undefined) return false
  return describe(schema, identity.keyPath)?.schema.format === 'uuid'
}
