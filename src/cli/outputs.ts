import type { Logger } from 'pino'
import type { CompiledFeed } from '../feed/compile.ts'
import type { Role, Settings } from '../settings/settings.ts'
import { ALERTS_CHANNEL } from '../store/listen.ts'
import type { Store } from '../store/store.ts'

export type OutputRoles = { close(): Promise<void> }

export type OutputRolesOptions = {
  readonly store: Store
  readonly settings: Settings
  readonly feeds: readonly CompiledFeed[]
  readonly roles: readonly Role[]
  readonly log: Logger
}

/** Starts what workers deliver elsewhere; nothing without Kafka. It waits for nobody: whatever isn't there is tried again. */
export async function openOutputs({ store, settings, feeds, roles, log }: OutputRolesOptions): Promise<OutputRoles> {
  const { kafka } = settings
  if (kafka === undefined || !roles.includes('worker')) return { close: async () => {} }
  const { Outputs } = await import('../outputs/outputs.ts')
  const outputs = new Outputs({
    query: store.query,
    feeds,
    kafka,
    log: (level, message) => log[level](message),
    ...(kafka.sessionMs === undefined ? {} : { holdMs: kafka.sessionMs }),
  })
  store.listen(ALERTS_CHANNEL, stream => outputs.wake(stream))
  outputs.start()
  return { close: () => outputs.stop() }
}
