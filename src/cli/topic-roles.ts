import type { Logger } from 'pino'
import type { Engine, EngineHealth, Intake, PartitionLogs } from '../engine/contract.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { Role, Settings } from '../settings/settings.ts'
import type { FeedLag } from '../sources/kafka/lag.ts'

/** What stands between posts and the record, as far as this process has a part in it. */
export type TopicRoles = {
  readonly intake: Intake
  health(): EngineHealth
  /** How far behind a feed's topic is read; undefined for a feed that reads none. */
  lag(feed: string): Promise<FeedLag | undefined>
  close(): Promise<void>
}

export type TopicRolesOptions = {
  readonly engine: Engine & PartitionLogs
  readonly settings: Settings
  readonly feeds: readonly CompiledFeed[]
  readonly roles: readonly Role[]
  readonly log: Logger
}
