import type { Store } from '../store/store.ts'
import { countItems, forgetItems, missingItems, sawItems, sawSameItems } from '../store/write/poll-items.ts'
import { endPoll, findPoll, leavePoll, renewPoll, takePoll } from '../store/write/polls.ts'
import { findUnproved } from '../store/write/unchanged.ts'
import type { PollLog } from './contract.ts'

/** A feed's polling as the database has it. */
export function pollLogOf(store: Store, feed: number, reading: Buffer | undefined): PollLog {
  return {
    standing: () => findPoll(store.query, feed),
    take: take => store.transaction(client => takePoll(client, feed, take)),
    renew: (epoch, leaseMs) => renewPoll(store.query, feed, epoch, leaseMs),
    end: (epoch, end) => store.transaction(client => endPoll(client, feed, epoch, end)),
    saw: (run, keys) => sawItems(store.query, feed, run, keys),
    unproved: reading && (glanced => findUnproved(store.query, feed, reading, glanced)),
    sawSame: (run, as) => sawSameItems(store.query, feed, run, as),
    countSeen: run => countItems(store.query, feed, run),
    missing: (since, limit) => missingItems(store.query, feed, since, limit),
    forget: (since, keys) => forgetItems(store.query, feed, since, keys),
    leave: epoch => store.transaction(client => leavePoll(client, feed, epoch)),
  }
}
