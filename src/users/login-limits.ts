import { createHmac } from 'node:crypto'
import type { Query } from '../store/read/query.ts'
import { countAttempt, forgetAttempts, pruneAttempts, uncountAttempt } from '../store/users/login-attempts.ts'

export type LoginLimits = {
  readonly windowSeconds: number
  readonly perAccountMax: number
  readonly perAddressMax: number
}

export const LOGIN_LIMITS: LoginLimits = { windowSeconds: 900, perAccountMax: 10, perAddressMax: 100 }

/** Of somebody who tries to log in. */
export type Attempt = { readonly usernameKey: string; readonly address: string }

const REMEMBERED_MAX = 10_000
const PRUNED_EVERY_MS = 60_000

/**
 * Counts failed logins by account, known or not, and by address, in the database: so they hold for all processes on it.
 * Who is over a limit is remembered here as well, and costs no statement until the window is over.
 */
export class LoginCounter {
  readonly #query: Query
  readonly #secret: string
  readonly #limits: LoginLimits
  readonly #over = new Map<string, number>()
  #prunedMs = performance.now()

  constructor(query: Query, secret: string, limits: LoginLimits = LOGIN_LIMITS) {
    this.#query = query
    this.#secret = secret
    this.#limits = limits
  }

  /** Seconds to wait, where this process knows that a limit is reached. */
  secondsLeft({ usernameKey, address }: Attempt): number | undefined {
    return this.#remembered(this.#addressOf(address)) ?? this.#remembered(this.#accountOf(usernameKey))
  }

  /** Seconds to wait, where a limit is reached; else the attempt is counted. */
  async take({ usernameKey, address }: Attempt): Promise<number | undefined> {
    const { perAddressMax, perAccountMax } = this.#limits
    await this.#prune()
    // An address that is over its limit counts against no account.
    return (
      (await this.#count(this.#addressOf(address), perAddressMax)) ??
      (await this.#count(this.#accountOf(usernameKey), perAccountMax))
    )
  }

  /** The password was right. */
  async forgive({ usernameKey, address }: Attempt): Promise<void> {
    await forgetAttempts(this.#query, this.#accountOf(usernameKey))
    await uncountAttempt(this.#query, this.#addressOf(address))
  }

  async #count(subject: Buffer, max: number): Promise<number | undefined> {
    const { attempts, secondsLeft } = await countAttempt(this.#query, subject, this.#limits.windowSeconds)
    if (attempts <= max) return undefined
    this.#over.set(subject.toString('base64'), performance.now() + secondsLeft * 1000)
    for (const oldest of this.#over.keys()) {
      if (this.#over.size <= REMEMBERED_MAX) break
      this.#over.delete(oldest)
    }
    return secondsLeft
  }

  #remembered(subject: Buffer): number | undefined {
    const name = subject.toString('base64')
    const untilMs = this.#over.get(name)
    if (untilMs === undefined) return undefined
    const leftMs = untilMs - performance.now()
    if (leftMs > 0) return Math.ceil(leftMs / 1000)
    this.#over.delete(name)
    return undefined
  }

  async #prune(): Promise<void> {
    if (performance.now() - this.#prunedMs < PRUNED_EVERY_MS) return
    this.#prunedMs = performance.now()
    await pruneAttempts(this.#query, this.#limits.windowSeconds)
  }

  // What is typed as a name may be a password: only a keyed digest is kept.
  #accountOf = (usernameKey: string): Buffer => this.#subject(`account ${usernameKey}`)
  #addressOf = (address: string): Buffer => this.#subject(`address ${networkOf(address)}`)
  #subject = (text: string): Buffer => createHmac('sha256', this.#secret).update(text).digest()
}

/** Of IPv6 the first 64 bits: whoever has one address there has all of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [front = '', back] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const groups = front === '' ? [] : front.split(':')
  const behind = back === undefined || back === '' ? [] : back.split(':')
  const zeros = Math.max(0, 8 - groups.length - behind.length)
  const all = back === undefined ? groups : [...groups, ...Array<string>(zeros).fill('0'), ...behind]
  return all
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
