/**
 * The engine as a gateway sees it where topics stand between posts and the record: what is submitted to a feed with a
 * topic is validated, and appended to the topic. What the schema refuses becomes a dead letter at once, which needs the
 * database; so does what has to be settled together with the record: a corrected dead letter, and a request that is a log
 * of its own by its idempotency key.
 */
import { setImmediate } from 'node:timers/promises'
import type { Engine, Intake, Outcome, Queued, Submission } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { ParsedEvent } from '../../feed/parse.ts'
import type { Outgoing, TopicProducer } from '../../kafka/producer.ts'
import { partitionOf } from '../../sequencer/lane.ts'

/** `topics`: by the feed's name. */
export function throughTopics(engine: Engine, producer: TopicProducer, topics: ReadonlyMap<string, string>): Intake {
  return {
    ...engine,
    queues: new Set(topics.keys()),
    submit: async (name, submission) => {
      const topic = topics.get(name)
      const feed = engine.feeds.get(name)
      const isDirect = submission.corrects !== undefined || submission.log !== undefined
      if (topic === undefined || feed === undefined || isDirect) return engine.submit(name, submission)
      return append({ engine, producer, feed, topic }, submission)
    },
    room: async (name, signal) => {
      signal?.throwIfAborted()
      if (topics.has(name)) await producer.room()
      else await engine.room(name, signal)
    },
  }
}

type Way = {
  readonly engine: Engine
  readonly producer: TopicProducer
  readonly feed: CompiledFeed
  readonly topic: string
}

async function append(way: Way, submission: Submission): Promise<(Outcome | Queued)[]> {
  const { engine, producer, feed } = way
  if (!producer.hasRoom())
    throw new GroundstationError('BUSY', `The queue of the feed ${feed.name} is full: send again later`)
  const partitions = await producer.partitions(way.topic)
  const outcomes = new Array<Outcome | Queued>(submission.events.length)
  const refused: number[] = []
  const arrival = arrivalAt(Date.now())
  const appending: Promise<void>[] = []
  for (const [index, raw] of submission.events.entries()) {
    const parsed = feed.parse(raw)
    if (!parsed.ok) refused.push(index)
    else
      appending.push(
        producer.send(outgoing(way, parsed, partitions, arrival)).then(({ partition, offset }) => {
          outcomes[index] = { outcome: 'queued', partition, offset }
        }),
      )
  }
  if (refused.length > 0) appending.push(bury(engine, feed, submission, refused, outcomes))
  // Each is waited for, so that none is left behind when the first has failed.
  for (const settled of await Promise.allSettled(appending)) if (settled.status === 'rejected') throw settled.reason
  return outcomes
}

async function bury(
  engine: Engine,
  feed: CompiledFeed,
  { events, origin }: Submission,
  refused: readonly number[],
  outcomes: (Outcome | Queued)[],
): Promise<void> {
  const told = await whenThereIsRoom(engine, feed, {
    events: refused.flatMap(index => events[index] ?? []),
    origin: index => (typeof origin === 'function' ? origin(refused[index] ?? 0) : origin),
  })
  for (const [at, index] of refused.entries()) {
    const outcome = told[at]
    if (outcome !== undefined) outcomes[index] = outcome
  }
}

/** The others are appended already: "come back later" would have them sent twice. */
async function whenThereIsRoom(engine: Engine, feed: CompiledFeed, submission: Submission): Promise<Outcome[]> {
  for (;;) {
    await engine.room(feed.name)
    try {
      return await engine.submit(feed.name, submission)
    } catch (error) {
      if (!(error instanceof GroundstationError) || error.code !== 'BUSY') throw error
      await setImmediate()
    }
  }
}

type Arrival = { readonly timestamp: bigint; readonly headers: Readonly<Record<string, string>> }

function arrivalAt(ms: number): Arrival {
  const headers = { 'content-type': 'application/json', 'arrived-at': new Date(ms).toISOString() }
  return { timestamp: BigInt(ms), headers }
}

function outgoing({ topic }: Way, { raw, key }: ParsedEvent, partitions: number, arrival: Arrival): Outgoing {
  // Without a key any partition will do; those of a tenth of a second go together.
  if (key === '') return { topic, value: raw, partition: Number(arrival.timestamp / 100n) % partitions, ...arrival }
  return { topic, value: raw, key: Buffer.from(key), partition: partitionOf(key, partitions), ...arrival }
}
