import { once } from 'node:events'
import type { SimulateOptions } from './index.ts'

type Tools = {
  readonly signal: AbortSignal
  readonly announce: (result: unknown, text: string) => void
}

const option = (flags: string, description: string, parse?: (text: string) => unknown) => ({
  flags,
  description,
  ...(parse === undefined ? {} : { parse }),
})

/** How `groundstation simulate spacex` is used. */
export const command = {
  summary: 'a local SpaceX API, REST and GraphQL, until Ctrl-C; its launches can be told from their beginning on',
  isServer: true,
  options: [
    option('--data <folder>', 'captured answers, in spacex-rest and spacex-graphql; without it all is made up'),
    option('--launches <number>', 'how many launches are made up; 200 unless told otherwise', Number),
    option('--seed <number>', 'the same seed tells the same story, and goes wrong in the same places', Number),
    option('--time <time>', 'the moment of the story, RFC 3339; its end unless told otherwise'),
    option('--speed <number>', 'seconds of the story in each second; 0, standing still, unless told otherwise', Number),
    option('--faults <list>', 'what goes wrong: 500=0.1,429=0.05,half=0.02,slow=0.1@2s,endless,redirect=<url> …'),
    option('--host <address>', 'where to listen; 127.0.0.1 unless told otherwise'),
    option('--port <number>', 'the port; one that is free unless told otherwise', Number),
  ],
  run: async (_: string, options: Readonly<Record<string, unknown>>, { signal, announce }: Tools) => {
    const { json: __, ...given } = options
    // Only now: the other simulators shouldn't wait for GraphQL to load.
    const { simulateSpacex } = await import('./index.ts')
    const server = await simulateSpacex(given as SimulateOptions)
    const { url } = server
    const graphqlUrl = `${url}/graphql`
    announce(
      { url, graphqlUrl },
      `A SpaceX API is ready on ${url}\n\n  SPACEX_URL=${url}\n  SPACEX_GRAPHQL_URL=${graphqlUrl}\n`,
    )
    if (!signal.aborted) await once(signal, 'abort')
    await server.close()
    const report = server.report()
    const { requests, notModified, faults } = report
    return {
      result: report,
      text: `${requests} requests, ${notModified} not modified, ${faults} with a fault`,
      ok: true,
    }
  },
}
