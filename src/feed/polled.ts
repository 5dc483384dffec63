import type { FeedDeclaration } from './declare.ts'
import type { Fault } from './fault.ts'
import type { CompiledIdentity } from './identity.ts'
import { describe, type SchemaNode } from './path.ts'

/** What a polled feed needs of its identity and of its events. */
export function polledFaults({ source, event }: FeedDeclaration, identity: CompiledIdentity): Fault[] {
  if (source?.kind !== 'poll') return []
  const faults: Fault[] = []
  if (identity.kind === 'position')
    faults.push({
      place: 'identity',
      message: 'what is polled again has no position: declare snapshot, unique or a sequence',
    })
  if (source.gone === undefined) return faults
  if (identity.kind !== 'snapshot')
    faults.push({ place: 'source.gone', message: 'only of snapshots is known what is gone' })
  const described = 'payloads' in event ? undefined : describe(event as SchemaNode, 'gone')
  if (described?.schema.type !== 'boolean' || described.required)
    faults.push({
      place: 'source.gone',
      message:
        'what is gone has "gone": true in its last version: the event\'s schema must have gone: Type.Optional(Type.Boolean())',
    })
  return faults
}
