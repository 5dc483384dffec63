import { type Command, InvalidArgumentError } from 'commander'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { type Ends, type TopicState, Topics } from '../../kafka/topics.ts'
import { entryOf } from '../../sources/kafka/entry.ts'
import { knownOf, type Move, moveOf, type Target } from '../../sources/kafka/move.ts'
import { registerFeed } from '../../store/feed.ts'
import { migrate } from '../../store/migrate.ts'
import type { Store } from '../../store/store.ts'
import {
  holdPartitions,
  type KnownPartition,
  loadPartitions,
  movePartitions,
  type TopicPlace,
} from '../../store/write/partitions.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { compiledFeed } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'

type Options = CommonOptions & { readonly partition?: number; readonly to?: Target }

export function addOffsets(program: Command, context: Context): void {
  withCommonOptions(program.command('offsets <feed>'))
    .description("says up to where a feed's topic is on the record; with --to, moves that")
    .option('--partition <number>', 'of this partition only', numberOf)
    .option(
      '--to <place>',
      'read on from earliest, latest or an offset; whoever reads now goes on from there',
      targetOf,
    )
    .action((feed: string, options: Options) => offsets(context, feed, options))
}

type Here = {
  readonly feed: CompiledFeed
  readonly topic: string
  readonly state: TopicState
  readonly ends: readonly Ends[]
  readonly known: readonly KnownPartition[]
}

async function offsets(context: Context, name: string, options: Options): Promise<void> {
  const settings = await settingsOf(context, options, 'warn')
  const feed = await compiledFeed(name, context)
  const topic = feed.source.topic?.name
  if (topic === undefined) throw new GroundstationError('USAGE', `The feed ${feed.name} reads no topic.`)
  if (settings.kafka === undefined)
    throw new GroundstationError('SETTING_INVALID', `KAFKA_BROKERS isn't set: expected where ${topic} is.`)
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  const topics = new Topics(settings.kafka)
  try {
    await migrate(database.store)
    const { id } = await registerFeed(database.store, feed)
    const state = await topics.describe(topic)
    if (state === undefined) throw new GroundstationError('TOPIC_MISSING', `The topic ${topic} isn't there.`)
    const known = await loadPartitions(database.store.query, id)
    const here: Here = { feed, topic, state, known, ends: await topics.ends(topic) }
    if (options.to === undefined) list(here, options)
    else await move(database.store, id, here, options)
  } finally {
    await topics.close()
    await database.close()
  }
}

function placesOf({ topic, state, ends }: Here, { partition }: Options): TopicPlace[] {
  const { cluster, topicId } = state
  const places = ends.map((_, number) => ({ cluster, topic, topicId, partition: number }))
  if (partition === undefined) return places
  const place = places[partition]
  if (place === undefined)
    throw new GroundstationError(
      'USAGE',
      `${topic} has the partitions 0 to ${ends.length - 1}: ${partition} isn't one.`,
    )
  return [place]
}

const NOTHING: Ends = { first: 0, end: 0 }

function list(here: Here, options: Options): void {
  const { feed, topic, known, ends } = here
  const partitions = placesOf(here, options).map(place => {
    const { first, end } = ends[place.partition] ?? NOTHING
    const offset = knownOf(place, known)?.nextOffset ?? null
    const entry = entryOf(feed.name, place, known, { first, end })
    const problem = 'problem' in entry ? entry.problem : null
    return {
      partition: place.partition,
      first,
      offset,
      end,
      lag: Math.max(0, end - Math.max(offset ?? first, first)),
      problem,
    }
  })
  const lines = partitions.flatMap(({ partition, first, offset, end, lag, problem }) => [
    `  ${partition}: ${offset === null ? 'not read yet' : `on the record up to ${offset}`}; there are ${first} to ${end}; lag ${lag}`,
    ...(problem === null ? [] : [`     ${problem}`]),
  ])
  print(options, { feed: feed.name, topic, partitions }, [topic, ...lines].join('\n'))
  if (partitions.some(({ problem }) => problem !== null)) process.exitCode = EXIT.found
}

async function move(store: Store, id: number, here: Here, options: Options): Promise<void> {
  const { feed, topic, ends } = here
  const { to = 'latest' } = options
  const isPosition = feed.identity.kind === 'position'
  const moves = await store.transaction(async client => {
    await holdPartitions(client, id)
    const known = await loadPartitions(async (text, values) => client.query(text, [...(values ?? [])]), id)
    // All of them are checked before the first is moved.
    const checked = placesOf(here, options).map(place =>
      moveOf(place, knownOf(place, known), ends[place.partition] ?? NOTHING, to, isPosition),
    )
    await movePartitions(
      client,
      id,
      checked.map(({ place, to: offset }) => ({ place, offset })),
      ends.length,
    )
    return checked
  })
  const shown = moves.map(({ place, ...rest }) => ({ partition: place.partition, ...rest }))
  print(options, { feed: feed.name, topic, moved: shown }, [topic, ...moves.map(lineOf)].join('\n'))
}

function lineOf({ place, from, to, skipped, again }: Move): string {
  const cost = [
    ...(skipped === 0 ? [] : [`${skipped} records are never read`]),
    ...(again === 0 ? [] : [`${again} are read again`]),
  ]
  return `  ${place.partition}: from ${from ?? 'nowhere'} to ${to}${cost.length === 0 ? '' : `; ${cost.join(', ')}`}`
}

function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a number.')
}

function targetOf(text: string): Target {
  if (text === 'earliest' || text === 'latest') return text
  if (/^\d{1,16}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected earliest, latest or an offset.')
}
