import type { CompiledPoll } from '../feed/poll.ts'
import { PageFailure } from '../sources/poll/failure.ts'

/** What to do about an API that couldn't be polled. */
export function remedyOf(error: unknown, { settings: { url, every, sent }, shown, hosts }: CompiledPoll): string {
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
    return 'It is for those who run it to mend; what start polls by a schedule goes on by itself.'
  return "See what it says of such a request: the feed's query, headers or body may not be what it expects."
}
