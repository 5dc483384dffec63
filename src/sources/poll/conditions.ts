import { hash } from 'node:crypto'
import type { CompiledPoll } from '../../feed/poll.ts'
import type { Came } from './pages.ts'

/** What the API said of its answer's version, when all of it was taken; kept from poll to poll. */
export type Version = {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly items: number
  /** The last run that was answered so. */
  readonly run: number
  /** What was asked: another question isn't answered by this. */
  readonly of: string
}

/** What lets the API say that nothing has changed since. Only of an answer that is all there is. */
export function conditionsOf(poll: CompiledPoll, version: Version | undefined): Readonly<Record<string, string>> {
  if (version === undefined || version.of !== questionOf(poll)) return {}
  return {
    ...(version.etag === undefined ? {} : { 'if-none-match': version.etag }),
    ...(version.lastModified === undefined ? {} : { 'if-modified-since': version.lastModified }),
  }
}

export function versionOf(poll: CompiledPoll, run: number, { headers, items }: Came): Version | undefined {
  if (poll.pages !== undefined || poll.body !== undefined) return undefined
  const { etag, 'last-modified': lastModified } = headers
  return etag === undefined && lastModified === undefined
    ? undefined
    : { etag, lastModified, items, run, of: questionOf(poll) }
}

/** What is asked, and for which pages. Headers and parameters may be secrets: only what they hash to is kept. */
export const questionOf = ({ url, headers, body, items, pages, marksGone }: CompiledPoll): string =>
  hash('sha256', JSON.stringify([url.href, headers, body, items, pages, marksGone]), 'base64')
