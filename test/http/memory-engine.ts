import type { Engine, KnownLog, Outcome, Submission } from '../../src/engine/contract.ts'
import type { CompiledFeed } from '../../src/feed/compile.ts'

export type MemoryEngine = Engine & {
  readonly submissions: { readonly feed: string; readonly submission: Submission }[]
  /** Idempotency keys that were claimed, of feeds with identities. */
  readonly claimed: string[]
  /** Awaited before a submission is taken: to hold it up, or to fail it. */
  onSubmit: (submission: Submission) => Promise<void>
  onRoom: (signal: AbortSignal | undefined) => Promise<void>
}

/**
 * The engine's contract in memory, for what is HTTP's alone: what is on the record, repeats, logs and claims. No order,
 * no tables, no states.
 */
export function memoryEngine(feeds: readonly CompiledFeed[]): MemoryEngine {
  const record = new Map<string, string>()
  const logs = new Map<string, KnownLog>()
  const claims = new Map<string, string>()
  let letters = 0
  const place = (feed: CompiledFeed, raw: Buffer): Outcome => {
    const parsed = feed.parse(raw)
    if (!parsed.ok) {
      const { reason, message, pointer } = parsed.refusal
      return { outcome: 'rejected', deadLetter: ++letters, reason, message, pointer }
    }
    if (feed.identity.kind === 'position') return { outcome: 'accepted' }
    const identity = `${feed.name} ${parsed.key} ${parsed.sequence}`
    const known = record.get(identity)
    if (known === undefined) record.set(identity, raw.toString())
    if (known === undefined) return { outcome: 'accepted' }
    return known === raw.toString() ? { outcome: 'duplicate' } : { outcome: 'conflict', deadLetter: ++letters }
  }
  const unexpected = () => Promise.reject(new Error('not in memory'))
  const engine: MemoryEngine = {
    feeds: new Map(feeds.map(feed => [feed.name, feed])),
    submissions: [],
    claimed: [],
    onSubmit: () => Promise.resolve(),
    onRoom: () => Promise.resolve(),
    submit: async (name, submission) => {
      await engine.onSubmit(submission)
      const feed = engine.feeds.get(name)
      if (feed === undefined) throw new Error(`no feed ${name}`)
      engine.submissions.push({ feed: name, submission })
      const { log } = submission
      if (log !== undefined)
        logs.set(`${name} ${log.name}`, {
          nextOffset: log.first + submission.events.length,
          digest: log.digest ?? null,
          isComplete: log.isComplete === true,
          epoch: 0,
        })
      return submission.events.map(raw => place(feed, raw))
    },
    room: (_feed, signal) => engine.onRoom(signal),
    log: async (feed, name) => logs.get(`${feed} ${name}`),
    claim: async (feed, name, digest) => {
      engine.claimed.push(name)
      const known = claims.get(`${feed} ${name}`)
      claims.set(`${feed} ${name}`, known ?? digest.toString('hex'))
      if (known === undefined) return 'new'
      return known === digest.toString('hex') ? 'same' : 'other'
    },
    stateAt: unexpected,
    recordPlace: unexpected,
    changes: () => ({ read: unexpected }),
    onApplied: () => () => undefined,
    dryRun: unexpected,
    dismiss: unexpected,
    health: () => ({ isReady: true, reason: undefined }),
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
  return engine
}
