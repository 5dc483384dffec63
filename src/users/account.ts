import { GroundstationError } from '../errors.ts'
import { isRole, ROLES, type Role } from '../feed/access.ts'
import { checkPassword } from './passwords.ts'

/** Whom an account is made for. */
export type AccountFields = {
  readonly username: string
  readonly name: string
  readonly lastname: string
  readonly email: string
  readonly role: Role
  readonly password: string
}

const TEXT_MAX = 200

/** How usernames are compared: capitals and forms of a letter make no difference. */
export const usernameKeyOf = (username: string): string => username.normalize('NFKC').toLowerCase()

const invalid = (message: string) => new GroundstationError('REQUEST_INVALID', message)

/** Raises REQUEST_INVALID with the field that is missing or wrong. Further fields are ignored. */
export function accountFields(value: unknown): AccountFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('A user is a JSON object.')
  const fields = value as Readonly<Record<string, unknown>>
  const username = textOf(fields, 'username', /^[^\s\p{C}]+$/u, 'text without blanks')
  const email = textOf(fields, 'email', /^([^\s\p{C}@]+@[^\s\p{C}@]+)?$/u, 'an address such as ana@example.org')
  const [name, lastname] = (['name', 'lastname'] as const).map(field => textOf(fields, field, /^[^\p{C}]*$/u, 'text'))
  const { role = 'reader', password } = fields
  if (!isRole(role)) throw invalid(`role is one of ${ROLES.join(', ')}.`)
  if (typeof password !== 'string') throw invalid('password is missing, or no text.')
  checkPassword(password)
  return { username, name: name ?? '', lastname: lastname ?? '', email, role, password }
}

function textOf(fields: Readonly<Record<string, unknown>>, field: string, pattern: RegExp, expected: string): string {
  const text = fields[field]
  if (typeof text !== 'string') throw invalid(`${field} is missing, or no text.`)
  if (!pattern.test(text) || text.length > TEXT_MAX)
    throw invalid(`${field} is ${expected}, of ${TEXT_MAX} letters at most.`)
  return text
}
