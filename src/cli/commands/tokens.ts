import { type Command, Option } from 'commander'
import { GroundstationError } from '../../errors.ts'
import { ROLES, type Role } from '../../feed/access.ts'
import { insertToken, listTokens, type MachineToken, revokeToken } from '../../store/users/machine-tokens.ts'
import { digestOf, newMachineToken } from '../../users/machine-token.ts'
import { type CommonOptions, type Context, print, withCommonOptions } from '../context.ts'
import { withDatabase } from '../users.ts'

type AddOptions = CommonOptions & { readonly role: Role }

/** For the file of a machine's settings, a log line, a header: no blanks, and not endless. */
const NAME = /^[\w.@:/-]{1,100}$/

export function addTokens(program: Command, context: Context): void {
  const tokens = program.command('tokens').description('tokens for machines: made, listed, revoked')
  withCommonOptions(tokens.command('add <name>'))
    .description('makes a token and shows it, this once: only its SHA-256 is kept')
    .addOption(new Option('--role <role>', 'what it is good for').choices(ROLES).default('writer'))
    .action((name: string, options: AddOptions) => add(context, name, options))
  withCommonOptions(tokens.command('list'))
    .description('the tokens, those that were revoked as well')
    .action((options: CommonOptions) => list(context, options))
  withCommonOptions(tokens.command('revoke <name>'))
    .description('ends a token; a process that runs takes it for a second more')
    .action((name: string, options: CommonOptions) => revoke(context, name, options))
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  if (!NAME.test(name))
    throw new GroundstationError('USAGE', 'A name has 1 to 100 letters, digits and _ . @ : / -, without blanks.')
  const { role } = options
  const token = newMachineToken()
  await withDatabase(context, options, async ({ store }) => {
    const id = await insertToken(store.query, { name, role, digest: digestOf(token) })
    if (id === undefined)
      throw new GroundstationError('NAME_TAKEN', `There is a token ${name}: revoke it, or take another name.`)
    print(options, { id, name, role, token }, token)
  })
}

function list(context: Context, options: CommonOptions): Promise<void> {
  return withDatabase(context, options, async ({ store }) => {
    const found = await listTokens(store.query)
    print(options, { tokens: found }, found.map(lineOf).join('\n'))
  })
}

function lineOf({ name, role, createdAt, usedAt, revokedAt }: MachineToken): string {
  const end = revokedAt === null ? (usedAt === null ? 'never used' : `used ${usedAt}`) : `revoked ${revokedAt}`
  return `${name}  ${role}  made ${createdAt}  ${end}`
}

function revoke(context: Context, name: string, options: CommonOptions): Promise<void> {
  return withDatabase(context, options, async ({ store }) => {
    if (!(await revokeToken(store.query, name)))
      throw new GroundstationError('NOT_FOUND', `There is no token ${name}, or it is revoked.`)
    print(options, { name, revoked: true }, `The token ${name} is revoked.`)
  })
}
