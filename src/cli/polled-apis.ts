import { messageOf } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { PageFailure } from '../sources/poll/failure.ts'
import { probe } from '../sources/poll/probe.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import type { Finding } from './finding.ts'
import { remedyOf } from './poll-remedy.ts'

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
