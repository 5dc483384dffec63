import { messageOf } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import type { CompiledPoll } from '../feed/poll.ts'
import { PageFailure } from '../sources/poll/failure.ts'
import { probe } from '../sources/poll/probe.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import type { Finding } from './finding.ts'

/** So many APIs are asked side by side. */
const AT_ONCE = 8

/** What the feeds' APIs answer, and what to do about those that don't. No answer is kept, and no secret shown. */
export async function lookAtPolled(feeds: readonly CompiledFeed[]): Promise<Finding[]> {
  const polled = feeds.filter(({ source }) => source.kind === 'poll')
  const findings: Finding[] = []
  for (let from = 0; from < polled.length; from += AT_ONCE)
    findings.push(...(await Promise.all(polled.slice(from, from + AT_ONCE).map(lookAt))))
  return findings
}

async function lookAt({ name, source: { poll, unset } }: CompiledFeed): Promise<Finding> {
  const found = { what: `poll ${name}`, ok: true, remedy: null, code: EXIT.done }
  if (poll === undefined) return { ...found, says: `off: ${unset} isn't set` }
  try {
    const { items, hasMore, ms } = await probe(poll)
    const count = `${items.toLocaleString('en')} ${items === 1 ? 'item' : 'items'}`
    const says = `${poll.shown} answered ${count}${hasMore ? ' on the first page' : ''} in ${(ms / 1000).toFixed(1)} s`
    return { ...found, says }
  } catch (error) {
    const says = `${poll.shown} ${messageOf(error)}${waitOf(error)}`
    return { ...found, ok: false, says, remedy: remedyOf(error, poll), code: exitCodeOf(error) }
  }
}

function waitOf(error: unknown): string {
  const ms = error instanceof PageFailure ? error.retryAfterMs : undefined
  return ms === undefined ? '' : `, and asks to be left alone for ${Math.ceil(ms / 1000).toLocaleString('en')} s`
}

function remedyOf(error: unknown, { settings: { url, every, sent }, shown, hosts }: CompiledPoll): string {
  const address = url ?? "the feed's url"
  if (!(error instanceof PageFailure)) return `Correct ${address}.`
  switch (error.why) {
    case 'name':
      return `Correct the host in ${address}, or how this machine finds names.`
    case 'refused':
      return `Start it, or correct host and port in ${address}.`
    case 'certificate':
      return shown.startsWith('https:')
        ? `Correct the host in ${address}, or let its owner renew the certificate; an authority of your own is named to Node by NODE_EXTRA_CA_CERTS.`
        : `It redirects to where the certificate is wrong: tell its owner, or correct ${address}.`
    case 'late':
      return `See whether something keeps this machine from it (a firewall, a proxy); with pages, ask for fewer items on each.`
    case 'connection':
      return `See whether ${address} names what speaks HTTP there, and what its own log says.`
    case 'elsewhere':
      return `Correct ${address} to where it leads, or name that host in the feed's hosts${hosts.length === 0 ? '' : `, which are ${hosts.join(', ')}`}.`
    case 'size':
      return "Ask for less at once: declare the feed's pages, with a limit."
    case 'answer':
      return `See what is at ${shown}: the address may be another's, or the feed's items, pages or graphql may not say how it answers.`
    case 'status':
      return ofStatus(error.status ?? 0, { address, every, sent })
  }
}

type Of = { readonly address: string } & Pick<CompiledPoll['settings'], 'every' | 'sent'>

function ofStatus(status: number, { address, every, sent }: Of): string {
  if (status === 401 || status === 403) {
    const places = sent.map(({ place, setting }) => `${setting}, for ${place}`)
    if (places.length > 0) return `Correct ${places.join('; ')}: it may have ended, or lack a right.`
    return "It asks for a secret, and the feed sends none from a setting: declare headers: { authorization: env('…') }."
  }
  if (status === 404 || status === 410) return `Correct ${address}, or the feed's path.`
  if (status === 429) return `Wait, and poll less often${every === undefined ? '' : ` (${every})`}.`
  if (status >= 500 || status === 408 || status === 425)
    return 'It is for those who run it to mend. Polls go on by themselves.'
  return "See what it says of such a request: the feed's query, headers or body may not be what it expects."
}
