import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { Argument, type Command } from 'commander'
import type { Outcome } from '../../engine/contract.ts'
import { GroundstationError, messageOf } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { type DeadLetter, findLetter, listLetters } from '../../store/read/letters.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { feedToStart } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime, type Runtime } from '../open.ts'

type Options = CommonOptions & { readonly event?: string; readonly dry?: boolean; readonly all?: boolean }
type Letters = Runtime & { readonly feed: CompiledFeed; readonly options: Options; readonly cwd: string }

const ACTIONS = ['list', 'show', 'replay', 'dismiss'] as const
const PAGE = 1_000

export function addDeadLetters(program: Command, context: Context): void {
  withCommonOptions(program.command('dead-letters <feed>'))
    .description('what was refused: listed, shown, replayed into its place, dismissed')
    .addArgument(new Argument('<action>').choices(ACTIONS))
    .argument('[id]', 'of the dead letter; for all but list')
    .option(
      '--event <file>',
      'replay: the corrected event, from a file or standard input (-); without it the event as it was',
    )
    .option('--dry', 'replay: only says what would become of it')
    .option('--all', 'list: those that were replayed or dismissed as well')
    .action((feed: string, action: (typeof ACTIONS)[number], id: string | undefined, options: Options) =>
      run(context, feed, action, id, options),
    )
}

async function run(
  context: Context,
  feedName: string,
  action: (typeof ACTIONS)[number],
  id: string | undefined,
  options: Options,
): Promise<void> {
  const { cwd } = context
  const settings = await settingsOf(context, options, 'warn')
  const declared = await feedToStart(feedName, context)
  const runtime = await openRuntime({ settings, log: createLog(settings.logLevel), cwd, declared })
  const letters = { ...runtime, feed: declared.feed, options, cwd }
  try {
    if (action === 'list') await list(letters)
    else await { show, replay, dismiss }[action](letters, await letterOf(letters, id))
  } finally {
    await runtime.close()
  }
}

async function letterOf({ database, feed }: Letters, id: string | undefined): Promise<DeadLetter> {
  if (id === undefined) throw new GroundstationError('USAGE', "Say which: the dead letter's id, as list tells it.")
  const letter = /^\d{1,15}$/.test(id) ? await findLetter(database.store.query, feed.name, Number(id)) : undefined
  if (letter === undefined) throw new GroundstationError('NOT_FOUND', `${feed.name} has no dead letter ${id}.`)
  return letter
}

/** Page after page, so that a million of them need no memory: for a program a line each. */
async function list({ database, feed, options }: Letters): Promise<void> {
  let after: number | undefined
  for (let hasMore = true; hasMore; ) {
    const status = options.all ? undefined : ('open' as const)
    const page = await listLetters(database.store.query, {
      feed: feed.name,
      key: undefined,
      status,
      after,
      limit: PAGE,
    })
    for (const letter of page.items) print(options, shown(letter), summary(letter))
    after = page.items.at(-1)?.id
    hasMore = page.hasMore
  }
}

async function show({ options }: Letters, letter: DeadLetter): Promise<void> {
  const { raw, encoding, ...rest } = shown(letter)
  const lines = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  print(options, shown(letter), [...lines, '', encoding === 'utf-8' ? raw : `${raw} (base64)`].join('\n'))
}

async function replay({ engine, feed, options, cwd }: Letters, letter: DeadLetter): Promise<void> {
  checkOpen(letter)
  const event = options.event === undefined ? letter.raw : await correctedEvent(options.event, cwd)
  const outcome = await outcomeOf({ engine, feed }, letter, event, options.dry === true)
  print(options, outcome, textOf(outcome))
  if (outcome.outcome === 'rejected' || outcome.outcome === 'conflict') process.exitCode = EXIT.found
}

/** What is still wrong doesn't become a letter of its own: this one stays open. */
async function outcomeOf(
  { engine, feed }: Pick<Letters, 'engine' | 'feed'>,
  { id }: DeadLetter,
  event: Buffer,
  isDry: boolean,
): Promise<Outcome> {
  const parsed = feed.parse(event)
  if (!parsed.ok) {
    const { reason, message, pointer } = parsed.refusal
    return { outcome: 'rejected', deadLetter: id, reason, message, pointer }
  }
  if (isDry) return engine.dryRun(feed.name, event)
  const [outcome] = await engine.submit(feed.name, { events: [event], origin: { replayOf: id }, corrects: id })
  return outcome ?? { outcome: 'duplicate' }
}

async function dismiss({ engine, feed, options }: Letters, letter: DeadLetter): Promise<void> {
  checkOpen(letter)
  if (!(await engine.dismiss(feed.name, letter.id))) throw closedMeanwhile(letter)
  print(options, { id: letter.id, status: 'dismissed' }, `The dead letter ${letter.id} is dismissed.`)
}

const closedMeanwhile = ({ id }: DeadLetter) =>
  new GroundstationError('CLOSED', `The dead letter ${id} was replayed or dismissed meanwhile.`)

function checkOpen({ id, status }: DeadLetter): void {
  if (status !== 'open') throw new GroundstationError('USAGE', `The dead letter ${id} was ${status} already.`)
}

async function correctedEvent(file: string, cwd: string): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(resolve(cwd, file))
  } catch (error) {
    throw new GroundstationError('FILE_UNREADABLE', `${file} can't be read: ${messageOf(error)}`, { cause: error })
  }
}

/** The bytes as text where they are one. */
function shown({ raw, ...letter }: DeadLetter) {
  const encoding = isUtf8(raw) ? 'utf-8' : 'base64'
  return { ...letter, raw: raw.toString(encoding), encoding }
}

function summary({ id, reason, message, pointer, key, sequence, count, lastAt, status }: DeadLetter): string {
  const identity = key === null ? '' : ` (${key}${sequence === null ? '' : `, number ${sequence}`})`
  const repeated = count > 1 ? `, ${count} times` : ''
  return `${id}  ${lastAt}  ${reason}${identity}: ${`${pointer} ${message}`.trim()}${repeated}${status === 'open' ? '' : ` (${status})`}`
}

function textOf(outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'held':
      return `held: it waits for number ${outcome.waitingFor}`
    case 'rejected':
      return `rejected: ${`${outcome.pointer} ${outcome.message}`.trim()}; the dead letter stays open`
    default:
      return outcome.outcome
  }
}
