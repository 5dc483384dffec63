import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { GroundstationError, messageOf } from '../errors.ts'
import { addCommands } from './commands.ts'
import type { Context } from './context.ts'
import { exitCodeOf } from './exit.ts'

/** Runs one command line and leaves its exit code with the process. */
export async function main(args: readonly string[]): Promise<void> {
  endsWithParent()
  process.stdout.on('error', ignoreUnread)
  try {
    await (await programOf(args)).parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = exitCodeOf(error)
    // Commander has told its own errors already.
    if (!(error instanceof CommanderError)) tell(error, args.includes('--json'))
  }
}

/** Who reads the output may have had enough, as `head` has: what is done goes on, told to nobody. */
function ignoreUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

async function programOf(args: readonly string[]): Promise<Command> {
  const context: Context = { cwd: process.cwd(), env: process.env, version: versionOf() }
  const program = new Command('groundstation')
    .description('Keeps feeds of JSON events complete, in order and exactly once, in your own PostgreSQL.')
    .version(context.version)
    .exitOverride()
    .showHelpAfterError('(groundstation help <command> says how it is used)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done · 1 it found what it looked for (a difference, an invalid feed) · 2 wrong usage · 3 something it needs is unreachable',
    )
  await addCommands(program, context, args)
  return program
}

function tell(error: unknown, isJson: boolean): void {
  const isKnown = error instanceof GroundstationError
  const code = isKnown ? error.code : 'INTERNAL'
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`)
  // An error that nobody foresaw is told with its place in the code.
  else process.stderr.write(`${isKnown ? messageOf(error) : error instanceof Error ? error.stack : messageOf(error)}\n`)
}

function versionOf(): string {
  const { version } = JSON.parse(readFileSync(packageFile(), 'utf8')) as { version: string }
  return version
}

/** One folder up in a checkout, two in a published package. */
function packageFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json', import.meta.url)
}

/** When whoever started this process over a channel is killed, it ends as if told to, and leaves no server behind. */
function endsWithParent(): void {
  if (process.channel === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}
