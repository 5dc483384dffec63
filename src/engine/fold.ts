import type { CompiledState, StateValue } from '../feed/state.ts'
import { causeOf, wordsOf } from './fold-cause.ts'
import { runGuarded } from './guard.ts'
import { plainlyEnds } from './plain.ts'

/** A fold of one event that takes longer is stopped, and the event skipped. */
export const FOLD_TIMEOUT_MS = 1000

/** A snapshot of the state is kept every so many events of a key: what a heal, a replay or `?at=` folds at most. */
export const SNAPSHOT_EVERY = 1000

export type FoldEvent = {
  readonly sequence: number
  readonly type: string
  readonly event: unknown
  readonly time: string | null
  /** Takes the state after this event, for those who want to look at it. */
  readonly after?: { state: StateValue | undefined }
}

/** What one key has to fold, in order, from where it stands. */
export type FoldJob = {
  readonly from: { readonly state: StateValue; readonly events: number }
  readonly events: readonly FoldEvent[]
}

/** `cause`: the same for the log, which no payload may be in. */
export type FoldFailure = {
  readonly job: number
  readonly sequence: number
  readonly message: string
  readonly cause: string
}
export type FoldSnapshot = {
  readonly sequence: number
  readonly events: number
  readonly state: StateValue
  readonly time: string | null
}
export type Folded = { readonly state: StateValue; readonly snapshots: readonly FoldSnapshot[] }
export type FoldResult = { readonly folded: readonly Folded[]; readonly failures: readonly FoldFailure[] }

/** Folds many keys' events. An event whose fold throws, loops or gives no JSON object is skipped, and named. */
export function foldJobs(state: CompiledState, jobs: readonly FoldJob[], timeoutMs = FOLD_TIMEOUT_MS): FoldResult {
  const poison = new Set<string>()
  for (let allowedMs = timeoutMs; ; allowedMs *= 2) {
    const run = new FoldRun(state, jobs, poison)
    if (isPlain(state)) {
      run.all()
      return { folded: run.folded, failures: run.failures }
    }
    if (runGuarded(() => run.all(), allowedMs)) return { folded: run.folded, failures: run.failures }
    // Whatever was being folded when the time was up is looked at alone before it is blamed: the others had their share.
    // Where it is only one of many, all of them get more time, or a large batch of slow folds would never end.
    if (run.current === undefined) continue
    const { job, index } = run.current
    if (!runGuarded(() => run.one(job, index), timeoutMs)) poison.add(`${job}:${index}`)
  }
}

const plain = new WeakMap<CompiledState, boolean>()

function isPlain(state: CompiledState): boolean {
  const known = plain.get(state)
  if (known !== undefined) return known
  const found = state.sources.every(plainlyEnds)
  plain.set(state, found)
  return found
}

class FoldRun {
  readonly folded: Folded[] = []
  readonly failures: FoldFailure[] = []
  current: { job: number; index: number } | undefined
  readonly #state: CompiledState
  readonly #jobs: readonly FoldJob[]
  readonly #poison: ReadonlySet<string>
  #before: StateValue = {}

  constructor(state: CompiledState, jobs: readonly FoldJob[], poison: ReadonlySet<string>) {
    this.#state = state
    this.#jobs = jobs
    this.#poison = poison
  }

  all(): void {
    for (let job = 0; job < this.#jobs.length; job++) this.#foldJob(job)
  }

  /** The one event that a run stood at, again. */
  one(job: number, index: number): void {
    const event = this.#jobs[job]?.events[index]
    if (event === undefined) return
    try {
      this.#state.evolve(this.#before, event.event, event.type)
    } catch {
      // A throw is no loop: the next run meets it again, and reports it.
    }
  }

  #foldJob(job: number): void {
    const { from, events } = this.#jobs[job] as FoldJob
    const snapshots: FoldSnapshot[] = []
    let state = from.state
    let count = from.events
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as FoldEvent
      this.current = { job, index }
      this.#before = state
      if (this.#poison.size > 0 && this.#poison.has(`${job}:${index}`)) {
        const message = `took longer than ${FOLD_TIMEOUT_MS} ms`
        this.failures.push({ job, sequence: event.sequence, message, cause: message })
      } else {
        try {
          state = this.#state.accept(this.#state.evolve(state, event.event, event.type))
        } catch (error) {
          this.failures.push({ job, sequence: event.sequence, message: wordsOf(error), cause: causeOf(error) })
        }
      }
      if (event.after !== undefined) event.after.state = state
      count++
      if (count % SNAPSHOT_EVERY === 0)
        snapshots.push({ sequence: event.sequence, events: count, state, time: event.time })
    }
    this.folded.push({ state, snapshots })
  }
}
