import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { CompiledFeed } from '../feed/compile.ts'
import { nameOf } from '../feed/relation.ts'
import { accessTo, EVERY } from '../sources/http/route-access.ts'
import { countFeeds } from '../store/read/feeds.ts'
import { type LastPoll, lastPolls } from '../store/read/polls.ts'
import type { Query } from '../store/read/query.ts'
import { readViewStates } from '../store/read/views.ts'
import type { LagOf } from './context.ts'
import { outputGauges } from './outputs.ts'
import { metricsSchema } from './schemas/health.ts'

type Context = { readonly query: Query; readonly feeds: ReadonlyMap<string, CompiledFeed>; readonly lag: LagOf }

/** `GET /metrics` in Prometheus's text format: how much of each feed there is, how far behind topics are read, and outputs. */
export function addMetrics(server: FastifyInstance, context: Context): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauges = gaugesIn(registry)
  const updateOutputs = outputGauges(registry)
  server.get('/metrics', { schema: metricsSchema, config: accessTo('read', EVERY) }, async (_request, reply) => {
    const updated = [update(gauges, context), updateOutputs(context.query, new Set(context.feeds.keys()))]
    const up = await Promise.all(updated).then(
      () => 1,
      () => 0,
    )
    gauges.up.set(up)
    return reply.header('content-type', registry.contentType).send(await registry.metrics())
  })
}

const COUNTS = [
  'events',
  'keys',
  'held',
  'openGaps',
  'releasedGaps',
  'missingNumbers',
  'skipped',
  'openDeadLetters',
] as const

type Gauges = ReturnType<typeof gaugesIn>

function gaugesIn(registry: Registry) {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge<Label>({ name: `groundstation_${name}`, help, labelNames, registers: [registry] })
  return {
    up: gauge('database_up', 'Whether the database answered.'),
    events: gauge('events', 'Events on the record.', 'feed'),
    keys: gauge('keys', 'Keys of a feed.', 'feed'),
    held: gauge('held_events', 'Events that wait for a missing number.', 'feed'),
    openGaps: gauge('open_gaps', 'Holes that somebody waits for.', 'feed'),
    releasedGaps: gauge('released_gaps', 'Holes that nobody waits for any more, and that nothing healed.', 'feed'),
    missingNumbers: gauge('missing_numbers', 'Numbers within them.', 'feed'),
    skipped: gauge('skipped_events', "Events on the record that the state's fold failed on.", 'feed'),
    openDeadLetters: gauge('open_dead_letters', 'Dead letters that nobody has dealt with.', 'feed'),
    lag: gauge('consumer_lag', 'Records of a partition that are not on the record yet.', 'feed', 'topic', 'partition'),
    behind: gauge(
      'consumer_behind_seconds',
      'How old the oldest record that is not applied may be, at most.',
      'feed',
      'topic',
      'partition',
    ),
    rebalances: gauge('consumer_rebalances', 'Assignments of partitions that this process was given.', 'feed', 'topic'),
    viewAge: gauge('view_age_seconds', 'How old the rows of a refreshed view are.', 'feed', 'view'),
    viewProblems: gauge('view_problems', 'Whether the last refresh of a view failed.', 'feed', 'view'),
    problems: gauge('consumer_problems', 'What keeps this process from reading a topic.', 'feed', 'topic'),
    polls: gauge('polls', 'Polls that have begun.', 'feed'),
    pollFailed: gauge('poll_failed', 'Whether the last poll ended before its end.', 'feed'),
    pollSeconds: gauge('poll_seconds', 'How long the last poll took.', 'feed'),
    pollRequests: gauge('poll_requests', 'Requests of the last poll.', 'feed'),
    pollItems: gauge('poll_items', 'Items of the last poll, by what became of them.', 'feed', 'outcome'),
    pollShared: gauge('poll_shared_ids', 'Items of the last poll with the id of another of their page.', 'feed'),
    pollRest: gauge('poll_rest_seconds', 'How long the API asks to be left alone yet.', 'feed'),
    pollAge: gauge('poll_complete_age_seconds', 'How long ago the last complete poll began.', 'feed'),
  }
}

/** A poll that is under way has its figures when it ends. */
function updatePoll(gauges: Gauges, feed: string, poll: LastPoll): void {
  gauges.polls.set({ feed }, poll.run)
  gauges.pollRest.set({ feed }, poll.restMs / 1000)
  if (poll.completeAgoMs !== null) gauges.pollAge.set({ feed }, poll.completeAgoMs / 1000)
  if (poll.ms === null) return
  gauges.pollFailed.set({ feed }, poll.error === null ? 0 : 1)
  gauges.pollSeconds.set({ feed }, poll.ms / 1000)
  gauges.pollRequests.set({ feed }, poll.requests)
  gauges.pollShared.set({ feed }, poll.shared)
  for (const outcome of ['new', 'changed', 'unchanged', 'rejected', 'gone'] as const)
    gauges.pollItems.set({ feed, outcome }, poll[outcome])
}

async function update(gauges: Gauges, { query, feeds, lag }: Context): Promise<void> {
  const counts = await countFeeds(query)
  const polls = await lastPolls(query)
  // What isn't known now has no figure, rather than its last.
  gauges.lag.reset()
  gauges.behind.reset()
  gauges.viewAge.reset()
  for (const feed of feeds.values()) await updateViews(gauges, query, feed)
  for (const feed of feeds.keys()) {
    const count = counts.get(feed)
    for (const name of COUNTS) gauges[name].set({ feed }, count?.[name] ?? 0)
    const poll = polls.get(feed)
    if (poll !== undefined) updatePoll(gauges, feed, poll)
    const behind = await lag(feed)
    if (behind === undefined) continue
    const { topic } = behind
    for (const { partition, lag: records, behindMs } of behind.partitions) {
      const place = { feed, topic, partition: String(partition) }
      if (records !== null) gauges.lag.set(place, records)
      if (behindMs !== null) gauges.behind.set(place, behindMs / 1000)
    }
    if (behind.rebalances !== null) gauges.rebalances.set({ feed, topic }, behind.rebalances)
    gauges.problems.set({ feed, topic }, behind.problems.length)
  }
}

async function updateViews(gauges: Gauges, query: Query, { name: feed, views }: CompiledFeed): Promise<void> {
  const refreshed = views.filter(({ refreshMs }) => refreshMs !== undefined).map(nameOf)
  if (refreshed.length === 0) return
  const states = await readViewStates(query, feed)
  for (const view of refreshed) {
    const { ageMs = null, problem = null } = states.get(view) ?? {}
    if (ageMs !== null) gauges.viewAge.set({ feed, view }, ageMs / 1000)
    gauges.viewProblems.set({ feed, view }, problem === null ? 0 : 1)
  }
}
