import type { Command } from 'commander'
import { GroundstationError, messageOf } from '../../errors.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { declaredFeeds } from '../feeds.ts'
import type { Finding } from '../finding.ts'
import { createLog } from '../log.ts'
import { openDatabase } from '../open.ts'
import { lookAtPolled } from '../polled-apis.ts'

export function addDoctor(program: Command, context: Context): void {
  withCommonOptions(program.command('doctor'))
    .description("says what is reachable, and what to do about what isn't")
    .action((options: CommonOptions) => doctor(context, options))
}

async function doctor(context: Context, options: CommonOptions): Promise<void> {
  const findings = [
    { what: 'Node', ok: true, says: process.version, remedy: null, code: EXIT.done },
    await look('settings', 'Correct it in the environment or in .env.', async () => {
      await settingsOf(context, options)
      return 'valid'
    }),
    await look('database', 'Start it, or correct DATABASE_URL; without it an embedded PostgreSQL is used.', () =>
      lookAtDatabase(context, options),
    ),
    await look('kafka', 'Start it, or correct KAFKA_BROKERS and what belongs to it.', () =>
      lookAtKafka(context, options),
    ),
    await look('feeds', 'Correct what groundstation check names.', () => lookAtFeeds(context)),
    ...(await lookAtPolls(context)),
  ]
  const lines = findings.map(({ what, ok, says, remedy }) =>
    ok ? `ok   ${what}: ${says}` : `NOT  ${what}: ${says}\n     ${remedy}`,
  )
  const shown = findings.map(({ code: _, ...finding }) => finding)
  print(options, { findings: shown }, lines.join('\n'))
  process.exitCode = Math.max(...findings.map(finding => finding.code))
}

async function look(what: string, remedy: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, says: await work(), remedy: null, code: EXIT.done }
  } catch (error) {
    return { what, ok: false, says: messageOf(error), remedy, code: exitCodeOf(error) }
  }
}

async function lookAtDatabase(context: Context, options: CommonOptions): Promise<string> {
  const settings = await settingsOf(context, options, 'silent')
  const database = await openDatabase({ settings, log: createLog(settings.logLevel), cwd: context.cwd })
  try {
    const { rows } = await database.store.query("select current_setting('server_version') as version")
    const where = settings.databaseUrl === undefined ? `embedded in ${settings.home}` : 'at DATABASE_URL'
    return `PostgreSQL ${rows[0]?.version} ${where}; ${database.psql}`
  } finally {
    await database.close()
  }
}

async function lookAtKafka(context: Context, options: CommonOptions): Promise<string> {
  const { kafka } = await settingsOf(context, options, 'silent')
  if (kafka === undefined) return 'not configured: posts go to the database directly'
  const feeds = await declaredFeeds(undefined, context).catch(() => [])
  const named = feeds.flatMap(({ compiled }) => [
    compiled?.source.topic?.name,
    ...(compiled?.alerts.map(({ topic }) => topic) ?? []),
  ])
  const used = [...new Set(named)].filter(topic => topic !== undefined)
  const { Topics } = await import('../../kafka/topics.ts')
  const topics = new Topics(kafka)
  try {
    const found = await Promise.all(used.map(async topic => ({ topic, state: await topics.describe(topic) })))
    const said = found.map(
      ({ topic, state }) => `${topic}: ${state === undefined ? 'none' : `${state.partitions} partitions`}`,
    )
    const missing = found.filter(({ state }) => state === undefined)
    if (missing.length > 0 && !kafka.createsTopics)
      throw new GroundstationError('TOPIC_MISSING', `missing: ${missing.map(({ topic }) => topic).join(', ')}`)
    return `${kafka.brokers.join(', ')}; ${said.join(', ')}`
  } finally {
    await topics.close()
  }
}

async function lookAtFeeds(context: Context): Promise<string> {
  const feeds = await declaredFeeds(undefined, context)
  const invalid = feeds.find(feed => feed.error !== undefined)
  if (invalid?.error !== undefined) throw new GroundstationError('DECLARATION_INVALID', invalid.error.message)
  return feeds.map(feed => feed.compiled?.name).join(', ')
}

/** Of the feeds that are valid; what is wrong with others is told of these. */
async function lookAtPolls(context: Context): Promise<Finding[]> {
  const feeds = await declaredFeeds(undefined, context).catch(() => [])
  return lookAtPolled(feeds.flatMap(({ compiled }) => compiled ?? []))
}
