import { neededOf } from '../feed/access.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { servedPaths, streamPaths } from '../feed/served.ts'
import type { Role, Settings } from '../settings/settings.ts'
import { eventsPathOf } from '../sources/http/plugin.ts'
import { type CommonOptions, print } from './context.ts'

export type Ready = {
  readonly address: string
  readonly feeds: readonly CompiledFeed[]
  readonly settings: Settings
  readonly roles: readonly Role[]
  readonly psql: string
  readonly version: string
  /** Whether a token is asked for, and there is nobody who has one. */
  readonly lacksUsers: boolean
  /** Whether a feed that doesn't state its access asks for a token here. */
  readonly asks: boolean
}

type Needed = ReturnType<typeof neededOf>

/** Says where to post, where to read, and which feeds are off and why. */
export function announce(ready: Ready, options: CommonOptions): void {
  const { address, feeds, settings, roles, psql, version, lacksUsers, asks } = ready
  const takes = roles.includes('gateway')
  const serves = roles.includes('api')
  // A stream of several feeds asks for what each of them does.
  const streams = new Map<string, Needed>()
  for (const feed of feeds)
    for (const path of streamPaths(feed)) {
      const needed = neededOf('read', feed, asks)
      if (needed !== 'open') streams.set(`${address}${path}`, needed)
    }
  const shown = feeds.map(feed => ({
    name: feed.name,
    post: takes ? `${address}${feed.source.path ?? eventsPathOf(feed)}` : null,
    state: serves && feed.state !== undefined ? `${address}${feed.state.path}` : null,
    reads: serves ? [...servedPaths(feed), ...streamPaths(feed)].map(path => `${address}${path}`) : [],
    access: { post: neededOf('post', feed, asks), read: neededOf('read', feed, asks) },
    polls: (roles.includes('worker') ? feed.source.poll?.shown : undefined) ?? null,
    off: whyOff(feed, settings) ?? null,
  }))
  const lines = shown.flatMap(({ name, post, reads, access, polls, off }) => {
    const places = [
      ...(post === null ? [] : [`POST ${post}${wordsOf(access.post)}`]),
      ...reads.map(path => `GET ${path}${wordsOf(streams.get(path) ?? access.read)}`),
    ]
    return [
      `  ${name}`,
      ...places.map(place => `    ${place}`),
      ...(polls === null ? [] : [`    polls ${polls}`]),
      ...(off === null ? [] : [`    its source is off: ${off}; its API and ingest work`]),
    ]
  })
  const text = [
    `Groundstation ${version} is ready on ${address}`,
    ...lines,
    '',
    ...(lacksUsers ? ['  users none yet: npx groundstation users add <name> --role administrator'] : []),
    `  docs  ${address}/docs`,
    `  psql  ${psql}`,
  ]
  print(options, { address, version, feeds: shown, docs: `${address}/docs`, psql, lacksUsers }, text.join('\n'))
}

const wordsOf = (role: Needed) => (role === 'open' ? '' : `  (asks for a token: ${role})`)

/** Why a feed's own source brings nothing, in words; undefined where it is on. */
function whyOff({ source }: CompiledFeed, { kafka }: Settings): string | undefined {
  switch (source.kind) {
    case 'http':
      return source.signature?.keys().length === 0 ? `${source.signature.setting} isn't set` : undefined
    case 'kafka':
      return kafka === undefined ? "KAFKA_BROKERS isn't set" : undefined
    case 'poll':
      return source.unset === undefined ? undefined : `${source.unset} isn't set`
  }
}
