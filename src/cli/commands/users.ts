import { type Command, Option } from 'commander'
import { GroundstationError } from '../../errors.ts'
import { ROLES, type Role } from '../../feed/access.ts'
import { type Account, deleteAccount, listAccounts, updatePassword } from '../../store/users/accounts.ts'
import { accountFields, usernameKeyOf } from '../../users/account.ts'
import { checkPassword, hashPassword } from '../../users/passwords.ts'
import { addAccount } from '../../users/users.ts'
import { type CommonOptions, type Context, print, withCommonOptions } from '../context.ts'
import { readPassword } from '../password.ts'
import { withDatabase } from '../users.ts'

type AddOptions = CommonOptions & {
  readonly role: Role
  readonly name: string
  readonly lastname: string
  readonly email: string
}

const PAGE = 1_000
const FROM_INPUT = 'the password is read from standard input, one line, or asked for on a terminal'

export function addUsers(program: Command, context: Context): void {
  const users = program.command('users').description('people who log in: made, listed, removed; their passwords')
  withCommonOptions(users.command('add <username>'))
    .description(`makes a user, the first administrator too; ${FROM_INPUT}`)
    .addOption(new Option('--role <role>', 'what the user may do').choices(ROLES).default('reader'))
    .option('--name <name>', 'the first name', '')
    .option('--lastname <name>', 'the last name', '')
    .option('--email <address>', 'the address', '')
    .action((username: string, options: AddOptions) => add(context, username, options))
  withCommonOptions(users.command('list'))
    .description('the users, in the order in which they were made')
    .action((options: CommonOptions) => list(context, options))
  withCommonOptions(users.command('remove <username>'))
    .description('removes a user; a process that runs takes the tokens for a second more')
    .action((username: string, options: CommonOptions) => remove(context, username, options))
  withCommonOptions(users.command('password <username>'))
    .description(`sets a new password and ends the user's tokens; ${FROM_INPUT}`)
    .action((username: string, options: CommonOptions) => password(context, username, options))
}

async function add(context: Context, username: string, options: AddOptions): Promise<void> {
  const { role, name, lastname, email } = options
  const fields = accountFields({ username, role, name, lastname, email, password: await readPassword() })
  await withDatabase(context, options, async ({ store }) => {
    const id = await addAccount(store.query, fields)
    print(options, { id, username, role }, `The user ${username} is made, with the role ${role}.`)
  })
}

function list(context: Context, options: CommonOptions): Promise<void> {
  return withDatabase(context, options, async ({ store }) => {
    const found: Account[] = []
    for (let isMore = true; isMore; ) {
      const page = await listAccounts(store.query, { skip: found.length, limit: PAGE })
      found.push(...page)
      isMore = page.length === PAGE
    }
    print(options, { users: found }, found.map(lineOf).join('\n'))
  })
}

function lineOf({ username, role, name, lastname, email, createdAt }: Account): string {
  const person = [name, lastname, email === '' ? '' : `<${email}>`].filter(part => part !== '').join(' ')
  return `${username}  ${role}  made ${createdAt}${person === '' ? '' : `  ${person}`}`
}

function remove(context: Context, username: string, options: CommonOptions): Promise<void> {
  return withDatabase(context, options, async ({ store }) => {
    if (!(await deleteAccount(store.query, usernameKeyOf(username)))) throw unknown(username)
    print(options, { username, removed: true }, `The user ${username} is removed.`)
  })
}

async function password(context: Context, username: string, options: CommonOptions): Promise<void> {
  const text = await readPassword()
  checkPassword(text)
  const passwordHash = await hashPassword(text)
  await withDatabase(context, options, async ({ store }) => {
    if (!(await updatePassword(store.query, usernameKeyOf(username), passwordHash))) throw unknown(username)
    print(options, { username, changed: true }, `${username} has a new password; older tokens have ended.`)
  })
}

const unknown = (username: string) => new GroundstationError('NOT_FOUND', `There is no user ${username}.`)
