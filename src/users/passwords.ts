import { randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { GroundstationError } from '../errors.ts'

/** OWASP's least for argon2id, which is what the library takes where it isn't told: 19 MiB, twice, one thread. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** One at a time: a hash takes a core for some 50 ms, and events are taken on the others. */
const WAITING_MAX = 50

const LETTERS_MIN = 8
const BYTES_MAX = 1024

/** Raises REQUEST_INVALID for a password that isn't taken. */
export function checkPassword(password: string): void {
  const invalid = (message: string) => new GroundstationError('REQUEST_INVALID', message)
  if (!password.isWellFormed()) throw invalid('A password is text.')
  if ([...password].length < LETTERS_MIN) throw invalid(`A password has at least ${LETTERS_MIN} letters.`)
  if (Buffer.byteLength(password) > BYTES_MAX) throw invalid(`A password has at most ${BYTES_MAX} bytes.`)
}

export const hashPassword = (password: string): Promise<string> => hash(password, COST)

/** A hash that no password fits, so that an unknown name takes as long as a known one. */
let nobodys: Promise<string> | undefined

/** Without a hash it takes as long, and is false. */
export async function fitsPassword(password: string, known: string | undefined): Promise<boolean> {
  nobodys ??= hash(randomBytes(32), COST)
  const fits = await verify(known ?? (await nobodys), password)
  return fits && known !== undefined
}

/** Runs what hashes, one after another; over a bounded queue it raises TOO_MANY_REQUESTS. */
export class HashQueue {
  readonly #waitingMax: number
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(waitingMax = WAITING_MAX) {
    this.#waitingMax = waitingMax
  }

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting > this.#waitingMax)
      throw new GroundstationError('TOO_MANY_REQUESTS', 'Too many passwords wait to be checked. Send it again.')
    this.#waiting++
    const done = this.#last.then(work).finally(() => this.#waiting--)
    this.#last = done.catch(() => undefined)
    return done
  }
}
