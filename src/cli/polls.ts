import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Engine, Polls } from '../engine/contract.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { Role, Settings } from '../settings/settings.ts'
import type { Chance } from '../sources/poll/retry.ts'

export type PollRoles = { close(): Promise<void> }

export type PollRolesOptions = {
  readonly engine: Engine & Polls
  readonly settings: Settings
  readonly feeds: readonly CompiledFeed[]
  readonly roles: readonly Role[]
  readonly log: Logger
}

export const CHANCE: Chance = {
  delay: (ms, signal) => sleep(ms, undefined, { signal }),
  random: Math.random,
}

/** Polls the feeds that are polled, where this process is a worker. What polls is loaded where there is such a feed. */
export async function openPolls({ engine, settings, feeds, roles, log }: PollRolesOptions): Promise<PollRoles> {
  const polled = feeds.flatMap(({ name, source: { poll } }) => (poll === undefined ? [] : [{ name, poll }]))
  if (polled.length === 0 || !roles.includes('worker')) return { close: async () => {} }
  const { PollClient } = await import('../sources/poll/client.ts')
  const { Poller } = await import('../sources/poll/poller.ts')
  const opened = polled.map(({ name, poll }) => {
    const client = new PollClient(poll)
    const { eventBytesMax } = settings.limits
    const tell = (level: 'info' | 'warn' | 'error', message: string) => log[level](message)
    const poller = new Poller({ engine, feed: name, poll, client, eventBytesMax, chance: CHANCE, log: tell })
    poller.start()
    return { client, poller }
  })
  return {
    close: async () => {
      await Promise.all(opened.map(({ poller }) => poller.stop()))
      await Promise.all(opened.map(({ client }) => client.close()))
    },
  }
}
