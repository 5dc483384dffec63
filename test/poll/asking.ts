import type { TestContext } from 'node:test'
import type { GroundstationError } from '../../src/errors.ts'
import { compilePoll, type PollSource, poll } from '../../src/feed/poll.ts'
import { type ClientOptions, PollClient } from '../../src/sources/poll/client.ts'
import type { Fetching } from '../../src/sources/poll/fetch.ts'
import { firstPlace } from '../../src/sources/poll/pages.ts'
import { pagesFrom } from '../../src/sources/poll/walk.ts'

export type Asked = {
  /** Each item's bytes, by page. */
  readonly pages: readonly (readonly string[])[]
  readonly waits: readonly number[]
  readonly requests: number
  readonly error: GroundstationError | undefined
}

type Options = ClientOptions & {
  readonly environment?: ReadonlyMap<string, string>
  readonly conditions?: Readonly<Record<string, string>>
}

/** Asks an API for all of its pages, and waits for nothing. */
export async function ask(
  t: TestContext,
  declared: Omit<PollSource, 'kind' | 'every'>,
  { environment = new Map(), conditions = {}, ...options }: Options = {},
): Promise<Asked> {
  const compiled = compilePoll(poll({ every: '1h', ...declared }), environment)
  if (!('poll' in compiled)) throw new TypeError(`${compiled.unset} isn't set`)
  const client = new PollClient(compiled.poll, options)
  t.after(() => client.close())
  const waits: number[] = []
  let requests = 0
  const fetching: Fetching = {
    poll: compiled.poll,
    client,
    chance: { delay: async ms => void waits.push(ms), random: () => 0.5 },
    signal: new AbortController().signal,
    conditions,
    onRequest: () => void requests++,
  }
  const pages: string[][] = []
  let error: GroundstationError | undefined
  try {
    for await (const { cut } of pagesFrom(fetching, firstPlace(compiled.poll))) pages.push(cut.map(String))
  } catch (thrown) {
    error = thrown as GroundstationError
  }
  return { pages, waits, requests, error }
}
