import { parseDuration } from './duration.ts'
import { type SimulateOptions, type Simulation, simulateRockets } from './index.ts'

type Tools = {
  readonly signal: AbortSignal
  readonly progress: (fraction: number | undefined, text: string) => void
}

const option = (flags: string, description: string, parse?: (text: string) => unknown) => ({
  flags,
  description,
  ...(parse === undefined ? {} : { parse }),
})

/** How `groundstation simulate rockets` is used. Flags that the real program has are called as it calls them. */
export const command = {
  summary: 'rocket traffic as the real program sends it, with as much trouble as is asked for',
  argument: '<url>',
  options: [
    option('--seed <number>', 'the same seed gives the same messages', Number),
    option('--message-delay <duration>', 'what each sender waits for after a message, such as 5ms', parseDuration),
    option('--concurrency-level <number>', 'how many senders post at once', Number),
    option('--max-messages <number>', 'how many messages in all; without it some 5,000 to 6,498 a rocket', Number),
    option('--rockets <number>', 'how many rockets; 20 unless told otherwise', Number),
    option('--duplicates <fraction>', 'how many messages come again, such as 0.1', Number),
    option('--disorder <number>', 'how many places a message may move', Number),
    option('--gaps <fraction>', 'how many messages are never sent', Number),
    option('--late-gaps <fraction>', 'how many messages are kept back to the very end', Number),
    option('--invalid <fraction>', 'how many broken messages come on top', Number),
    option('--max-attempts <number>', 'how often a message is sent; for ever unless told otherwise', Number),
    option('--keep-alive', 'connections are kept'),
    option('--ndjson', 'one streamed body a sender, instead of a post a message'),
    option('--expect <file>', 'writes the states that should be there in the end'),
  ],
  run: async (url: string, options: Readonly<Record<string, unknown>>, { signal, progress }: Tools) => {
    const { messageDelay, seed = 444, json: _, ...rest } = options
    const given = { ...rest, url, seed, messageDelayMs: messageDelay, signal } as SimulateOptions
    const simulation = await simulateRockets({
      ...given,
      onProgress: ({ sent, acknowledged, retried, lastFailure }) =>
        progress(
          given.maxMessages === undefined ? undefined : Math.min(1, sent / given.maxMessages),
          `${sent} sent, ${acknowledged} acknowledged, ${retried} again${why(lastFailure)}`,
        ),
    })
    const { finished, abandoned, invalidAcknowledged } = simulation.report
    return {
      result: simulation,
      text: sumOf(simulation),
      ok: finished && abandoned === 0 && invalidAcknowledged === 0,
    }
  },
}

/** Why messages were sent again or given up; what failed last mostly says why the others did. */
const why = (lastFailure: string | null) => (lastFailure === null ? '' : ` (last: ${lastFailure})`)

function sumOf({ report, totals }: Simulation): string {
  const rate = Math.round(report.sent / Math.max(0.001, report.seconds))
  const what = `${totals.distinct} messages, ${totals.duplicates} duplicates, ${totals.invalid} invalid, ${totals.gaps} kept back for good`
  const how = `${report.acknowledged} acknowledged, ${report.rejected} rejected, ${report.retried} sent again, ${report.abandoned} given up${why(report.lastFailure)}`
  return `${what}\n${how}, in ${report.seconds.toFixed(1)} s (${rate} a second)${report.finished ? '' : '; interrupted'}`
}
