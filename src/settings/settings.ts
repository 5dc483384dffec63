import { resolve } from 'node:path'
import { GroundstationError } from '../errors.ts'
import { readEnvironment } from './environment.ts'
import { type KafkaSettings, readKafka } from './kafka.ts'
import { isRefusal, parsers } from './parse.ts'
import type { Flags, Read } from './read.ts'
import { readTls, type TlsSettings } from './tls.ts'

export type { Flags, KafkaSettings, TlsSettings }

export type LogLevel = (typeof LOG_LEVELS)[number]
export type Role = (typeof ROLES)[number]

export type Settings = {
  /** Absent: the embedded PostgreSQL in `home`. */
  readonly databaseUrl: string | undefined
  readonly home: string
  readonly host: string
  readonly port: number
  readonly logLevel: LogLevel
  /** The secret that tokens are signed with. */
  readonly secret: string | undefined
  readonly kafka: KafkaSettings | undefined
  /** PEM texts: the listener's own. */
  readonly tls: TlsSettings | undefined
  readonly mongodbUrl: string | undefined
  readonly limits: Limits
}

/** What a single request or line may hold. */
export type Limits = {
  readonly eventBytesMax: number
  readonly arrayEventsMax: number
  readonly arrayBytesMax: number
  /** Live streams that one user, or one address, may have open. */
  readonly streamsPerUserMax: number
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export const ROLES = ['gateway', 'worker', 'api'] as const

/** Reads every setting; SETTING_INVALID names the one that is wrong, its value unless it is a secret, and what was expected. */
export async function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  flags: Flags = {},
  defaults: { readonly logLevel: LogLevel } = { logLevel: 'info' },
): Promise<Settings> {
  const environment = await readEnvironment(env, cwd)
  const read: Read = async (name, parse, { flag, isSecret = false } = {}) => {
    const given = flag === undefined ? undefined : flags[flag]
    const found = given === undefined ? await environment.find(name) : { text: given, from: 'its flag' }
    if (found === undefined) return undefined
    const value = parse(found.text)
    if (!isRefusal(value)) return value
    const shown = isSecret ? `(${found.text.length} characters, not shown)` : `'${found.text}'`
    throw new GroundstationError(
      'SETTING_INVALID',
      `${flag === undefined ? name : `${name} (--${flagName(flag)})`} is ${shown} in ${found.from}: expected ${value.expected}.`,
      { at: name },
    )
  }
  return {
    databaseUrl: await read('DATABASE_URL', parsers.url('postgresql', 'postgres'), { isSecret: true }),
    home: resolve(cwd, (await read('GROUNDSTATION_HOME', parsers.text, { flag: 'home' })) ?? '.groundstation'),
    host: (await read('HOST', parsers.host, { flag: 'host' })) ?? '127.0.0.1',
    port: (await read('PORT', parsers.integer(0, 65_535, 'a port'), { flag: 'port' })) ?? 8088,
    logLevel: (await read('LOG_LEVEL', parsers.oneOf(LOG_LEVELS), { flag: 'logLevel' })) ?? defaults.logLevel,
    secret: await read('GROUNDSTATION_SECRET', parsers.secret(32), { isSecret: true }),
    kafka: await readKafka(read),
    tls: await readTls(read),
    mongodbUrl: await read('MONGODB_URL', parsers.url('mongodb', 'mongodb+srv'), { isSecret: true }),
    limits: await readLimits(read),
  }
}

async function readLimits(read: Read): Promise<Limits> {
  const bytes = parsers.integer(1024, 2 ** 30, 'a number of bytes')
  return {
    eventBytesMax: (await read('EVENT_BYTES_MAX', bytes)) ?? 2 ** 20,
    arrayEventsMax: (await read('ARRAY_EVENTS_MAX', parsers.integer(1, 1_000_000, 'a number'))) ?? 10_000,
    arrayBytesMax: (await read('ARRAY_BYTES_MAX', bytes)) ?? 32 * 2 ** 20,
    streamsPerUserMax: (await read('STREAMS_PER_USER_MAX', parsers.integer(1, 1_000_000, 'a number'))) ?? 100,
  }
}

const flagName = (flag: keyof Flags) => (flag === 'logLevel' ? 'log-level' : flag)

/** Whether only this machine reaches a server bound there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
