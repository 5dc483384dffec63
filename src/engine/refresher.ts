import { messageOf } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { cancelRefresh, refreshNext, toldOf } from '../store/views/refresh.ts'

export type RefresherOptions = {
  readonly store: Store
  readonly feeds: readonly string[]
  /** How often it is asked what is due. */
  readonly everyMs: number
  readonly log: (message: string) => void
}

/** One that takes long doesn't keep the others waiting; each has a connection of the pool. */
const AT_ONCE = 2
const CANCEL_MS = 200

/** Keeps the refreshed views of some feeds fresh, together with every other process that serves them. */
export class Refresher {
  readonly #options: RefresherOptions
  #timer: NodeJS.Timeout | undefined
  readonly #turns = new Set<Promise<void>>()
  /** Server processes at work. */
  readonly #pids = new Set<number>()
  readonly #stopping = new AbortController()
  /** What is wrong is told once, not at each turn. */
  readonly #told = new Map<string, string>()

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#options.feeds.length === 0) return
    this.#timer = setInterval(() => this.#next(), this.#options.everyMs).unref()
    this.#next()
  }

  /** A refresh that is under way is given up: its old rows stay. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    // Again and again: between two statements there is nothing to cancel.
    const cancelling = setInterval(() => this.#cancel(), CANCEL_MS)
    this.#cancel()
    await Promise.all(this.#turns)
    clearInterval(cancelling)
  }

  #cancel(): void {
    for (const pid of this.#pids) cancelRefresh(this.#options.store, pid).catch(() => undefined)
  }

  #next(): void {
    if (this.#turns.size >= AT_ONCE) return
    const turn = this.#allDue()
      .catch(error => this.#tell('', `views can't be refreshed: ${messageOf(error)}`))
      .finally(() => this.#turns.delete(turn))
    this.#turns.add(turn)
  }

  async #allDue(): Promise<void> {
    const { store, feeds } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const view = await refreshNext(store, { feeds, signal, pids: this.#pids })
      if (view === undefined) return
      const name = `${view.schema}.${view.name}`
      if (view.problem === undefined) this.#told.delete(name)
      else this.#tell(name, toldOf(view))
    }
  }

  #tell(name: string, message: string): void {
    if (this.#told.get(name) === message) return
    this.#told.set(name, message)
    this.#options.log(message)
  }
}
