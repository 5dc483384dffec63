import { createHash, randomBytes } from 'node:crypto'

/** Told from a user's token by its first letters; whoever finds one in a log knows what it is. */
const PREFIX = 'gst_'

export const newMachineToken = (): string => `${PREFIX}${randomBytes(32).toString('base64url')}`

export const isMachineToken = (token: string): boolean => token.startsWith(PREFIX)

export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()
