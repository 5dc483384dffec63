/**
 * Where requests may go. The declared address is the user's to choose, a private one too. Where an answer leads (a
 * redirect, the next page's address) must be the same host, or one that the feed names; and from an API on the public
 * Internet no answer leads to an address that isn't.
 */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { leadsElsewhere, type PageFailure } from './failure.ts'

export type Lookup = (
  name: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

type Callback = (error: Error | null, address?: string | LookupAddress[], family?: number) => void

export type DestinationOptions = {
  readonly home: URL
  readonly hosts: readonly string[]
  readonly lookup: Lookup
  readonly isPublic: (address: string) => boolean
}

export class Destinations {
  readonly #options: DestinationOptions
  /** Whether the declared host was found on the public Internet; it is asked before any other. */
  #isHomePublic: boolean

  constructor(options: DestinationOptions) {
    this.#options = options
    const address = addressIn(options.home)
    this.#isHomePublic = address === undefined || options.isPublic(address)
  }

  /** Whether an address is the declared host's own; false for another that is allowed. Raises SOURCE_ANSWER for any other. */
  isHome(url: URL): boolean {
    const { home, hosts, isPublic } = this.#options
    if (isSameHost(home, url)) return true
    if (!hosts.includes(url.host) && !hosts.includes(url.hostname))
      throw leadsElsewhere(`leads to another host, ${url.host}, which the feed doesn't name in hosts`)
    if (url.protocol !== 'https:' && url.protocol !== home.protocol)
      throw leadsElsewhere(`leads to ${url.host} without encryption`)
    const address = addressIn(url)
    if (address !== undefined && this.#isHomePublic && !isPublic(address)) throw intoPrivate(url.host)
    return false
  }

  /** Finds the declared host, and remembers what it is. */
  readonly lookupHome = (name: string, options: LookupOptions, callback: Callback): void => {
    this.#find(name, options, callback, addresses => {
      this.#isHomePublic = addresses.some(({ address }) => this.#options.isPublic(address))
      return undefined
    })
  }

  /** Finds another host; from a public API none that has a private address. */
  readonly lookupAway = (name: string, options: LookupOptions, callback: Callback): void => {
    this.#find(name, options, callback, addresses => {
      const isAllowed = !this.#isHomePublic || addresses.every(({ address }) => this.#options.isPublic(address))
      return isAllowed ? undefined : intoPrivate(name)
    })
  }

  #find(
    name: string,
    options: LookupOptions,
    callback: Callback,
    check: (addresses: LookupAddress[]) => PageFailure | undefined,
  ): void {
    this.#options.lookup(name, { ...options, all: true }, (error, addresses) => {
      const refusal = error ?? check(addresses)
      if (refusal !== undefined) return callback(refusal)
      const [first] = addresses
      if (options.all === true) callback(null, addresses)
      else callback(null, first?.address ?? '', first?.family)
    })
  }
}

/** The same origin; or the same host with encryption, where it was without. */
function isSameHost(home: URL, url: URL): boolean {
  if (url.hostname !== home.hostname) return false
  if (url.origin === home.origin) return true
  return home.protocol === 'http:' && url.protocol === 'https:' && home.port === '' && url.port === ''
}

/** The address that a URL names itself, which nobody looks up. */
function addressIn({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? undefined : bare
}

const intoPrivate = (host: string) => leadsElsewhere(`leads into a private network, by ${host}`)
