import { messageOf } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { makeFeed } from '../store/feed.ts'
import { failureKind, type Store } from '../store/store.ts'
import { makeMissingViews } from '../store/views/make.ts'
import { lacksRelation } from '../store/views/problem.ts'

/** Feeds that don't run here, of whose tables others' views are made. What is wrong with them is told, and stops nobody. */
export class Beside {
  readonly #store: Store
  readonly #log: (message: string) => void
  readonly #failed = new Set<string>()

  constructor(store: Store, log: (message: string) => void) {
    this.#store = store
    this.#log = log
  }

  make(feed: CompiledFeed): Promise<void> {
    return this.#try(feed, () => makeFeed(this.#store, feed))
  }

  async makeViews(feed: CompiledFeed): Promise<void> {
    if (feed.views.length === 0 || this.#failed.has(feed.name)) return
    await this.#try(feed, () => makeMissingViews(this.#store, feed, this.#log))
  }

  async #try(feed: CompiledFeed, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (failureKind(error) === 'connection') throw error
      this.#failed.add(feed.name)
      // A view over what comes with a third feed is made when this one is started.
      if (!lacksRelation(error)) this.#log(`the feed ${feed.name}, which is declared beside it: ${messageOf(error)}`)
    }
  }
}
