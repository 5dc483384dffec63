import type { Command } from 'commander'
import type { Context } from './context.ts'

type Add = (program: Command, context: Context, args: readonly string[]) => void | Promise<void>

const COMMANDS: ReadonlyMap<string, () => Promise<Add>> = new Map<string, () => Promise<Add>>([
  ['start', async () => (await import('./commands/start.ts')).addStart],
  ['check', async () => (await import('./commands/check.ts')).addCheck],
  ['verify', async () => (await import('./commands/verify.ts')).addVerify],
  ['ingest', async () => (await import('./commands/ingest.ts')).addIngest],
  ['poll', async () => (await import('./commands/poll.ts')).addPoll],
  ['replay', async () => (await import('./commands/replay.ts')).addReplay],
  ['dead-letters', async () => (await import('./commands/dead-letters.ts')).addDeadLetters],
  ['offsets', async () => (await import('./commands/offsets.ts')).addOffsets],
  ['users', async () => (await import('./commands/users.ts')).addUsers],
  ['tokens', async () => (await import('./commands/tokens.ts')).addTokens],
  ['generate', async () => (await import('./commands/generate.ts')).addGenerate],
  ['doctor', async () => (await import('./commands/doctor.ts')).addDoctor],
  ['simulate', async () => (await import('./commands/simulate.ts')).addSimulate],
])

/**
 * Adds the command that is asked for; all of them where that isn't one, for the help. What the others are made of isn't
 * loaded then, which is most of a short command's time.
 */
export async function addCommands(program: Command, context: Context, args: readonly string[]): Promise<void> {
  const asked = COMMANDS.get(args[0] ?? '')
  for (const load of asked === undefined ? COMMANDS.values() : [asked]) {
    const add = await load()
    await add(program, context, args)
  }
}
