/**
 * What a page's items are, from a glance at their bytes: whose they are, and whether they are proved to say what their key's
 * latest version says. Those needn't be read. Whatever is in doubt is read.
 *
 * The proof is looked for before the transaction that moves the poll on: an item that was its key's latest version when its page
 * had come is unchanged, and what somebody else writes meanwhile comes after it. What this poll itself has written is committed
 * by then, and keys that a page has twice are read, so that of A, B and A each is a version.
 */
import type { Glanced, PollLog } from '../../engine/contract.ts'
import { GroundstationError } from '../../errors.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import { type CompiledIdentity, KEY_CHARACTERS_MAX } from '../../feed/identity.ts'
import { bytesDigest } from '../../feed/proof.ts'
import { valueFrom } from './scan.ts'

/** Items of a page, and where in it the value begins that each one's key is in; 0: that can't be told. */
export type PageItems = { readonly page: Buffer; readonly items: readonly Buffer[]; readonly named: readonly number[] }

export type Sifted = {
  /** The places of those that must be read. */
  readonly toRead: readonly number[]
  /** The keys of the others. */
  readonly unchanged: readonly string[]
  /** The places of those whose key came already. */
  readonly again: ReadonlySet<number>
}

const QUOTE = 0x22
const NONE: ReadonlySet<number> = new Set()

/** The property of an item that its key is in; undefined where nothing is proved of the feed's items. */
export const nameOfKey = ({ reading, identity }: CompiledFeed): string | undefined =>
  reading === undefined ? undefined : identity.keyPath?.split('.')[0]

/** Tells what must be read of a page. What is longer than `eventBytesMax` is read, and refused. */
export type Sift = (page: PageItems) => Promise<Sifted>

export function sifter(feed: CompiledFeed | undefined, { unproved }: PollLog, eventBytesMax: number): Sift {
  if (feed?.reading === undefined || unproved === undefined)
    return async ({ items }) => ({ toRead: [...items.keys()], unchanged: [], again: NONE })
  const { identity } = feed
  return async page => {
    const { toRead, glanced, again } = glance(identity, page, eventBytesMax)
    const doubtful = new Set(glanced.length === 0 ? [] : await unproved(glanced).catch(everyone(glanced.length)))
    for (const index of doubtful) toRead.push(glanced[index]?.place ?? 0)
    const unchanged = glanced.filter((_, index) => !doubtful.has(index)).map(({ key }) => key)
    return { toRead: toRead.sort((first, second) => first - second), unchanged, again }
  }
}

function glance(identity: CompiledIdentity, page: PageItems, eventBytesMax: number) {
  const keys = glanceKeys(identity, page)
  const { repeated, again } = repeatedIn(keys)
  const toRead: number[] = []
  const glanced: (Glanced & { readonly place: number })[] = []
  for (const [place, item] of page.items.entries()) {
    const key = keys[place]
    if (key === undefined || repeated.has(key) || !isName(key) || item.length > eventBytesMax) toRead.push(place)
    else glanced.push({ key, bytesDigest: bytesDigest(item), place })
  }
  return { toRead, glanced, again }
}

/** The key of each item, exactly as reading it would tell; undefined: it would be refused. */
export function glanceKeys(identity: CompiledIdentity, { page, items, named }: PageItems): (string | undefined)[] {
  const name = identity.keyPath?.split('.')[0] ?? ''
  return items.map((item, index) => {
    const at = named[index] ?? 0
    try {
      return identity.keyOf?.(at === 0 ? JSON.parse(item.toString('utf8')) : { [name]: valueAt(page, at) })
    } catch {
      return undefined
    }
  })
}

/** Of an item without any backslash. */
function valueAt(page: Buffer, at: number): unknown {
  if (page[at] !== QUOTE) return valueFrom(page, at)
  return page.toString('utf8', at + 1, page.indexOf(QUOTE, at + 1))
}

/** The keys that came more than once, and the places where they came again. */
function repeatedIn(keys: readonly (string | undefined)[]) {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  const again = new Set<number>()
  for (const [place, key] of keys.entries()) {
    if (key === undefined) continue
    if (seen.has(key)) {
      repeated.add(key)
      again.add(place)
    }
    seen.add(key)
  }
  return { repeated, again }
}

const isName = (key: string): boolean => key.length > 0 && key.length <= KEY_CHARACTERS_MAX && !key.includes('\u0000')

/** A database that can't be asked now may be there again when the items are written, which is tried more than once. */
const everyone = (count: number) => (error: unknown) => {
  if (!(error instanceof GroundstationError && error.code === 'STORE_UNREACHABLE')) throw error
  return Array.from({ length: count }, (_, index) => index)
}
