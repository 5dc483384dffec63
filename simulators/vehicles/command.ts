import type { SendReport } from './send.ts'

type Tools = {
  readonly signal: AbortSignal
  readonly progress: (fraction: number | undefined, text: string) => void
}

type Given = {
  readonly brokers?: readonly string[]
  readonly topic?: string
  readonly rate?: number
  readonly maxMessages?: number
  readonly list?: string
  readonly seed?: number
}

const option = (flags: string, description: string, parse?: (text: string) => unknown) => ({
  flags,
  description,
  ...(parse === undefined ? {} : { parse }),
})

const commaSeparated = (text: string) => text.split(',').map(one => one.trim())

/** How `groundstation simulate vehicles` is used. */
export const command = {
  summary: 'detections of vehicles into a Kafka topic, at a steady rate; for ever unless told otherwise',
  options: [
    option('--brokers <list>', 'where Kafka is: host:port[,host:port …]', commaSeparated),
    option('--topic <name>', 'intellisite.detections unless told otherwise; it has to be there'),
    option('--rate <number>', 'detections a second, 0 for as fast as it goes; 3 unless told otherwise', Number),
    option('--max-messages <number>', 'how many in all; without it until Ctrl-C, a list round and round too', Number),
    option('--list <file>', 'the detections, one JSON object a line, in this order; without it they are made up'),
    option('--seed <number>', 'the same seed makes up the same detections', Number),
  ],
  run: async (_: string, options: Readonly<Record<string, unknown>>, { signal, progress }: Tools) => {
    const { brokers = [], topic, rate, maxMessages, list, seed } = options as Given
    // Only now: the other simulators shouldn't wait for a Kafka client to load.
    const { simulateVehicles } = await import('./index.ts')
    const report = await simulateVehicles({
      brokers,
      ...(topic !== undefined && { topic }),
      ...(rate !== undefined && { rate }),
      ...(list !== undefined && { list }),
      ...(seed !== undefined && { seed }),
      maxMessages,
      signal,
      onProgress: ({ sent, acknowledged }) =>
        progress(maxMessages && acknowledged / maxMessages, `${sent} sent, ${acknowledged} acknowledged`),
    })
    return { result: report, text: sumOf(report), ok: report.finished }
  },
}

function sumOf({ sent, acknowledged, seconds, finished }: SendReport): string {
  const rate = (acknowledged / Math.max(0.001, seconds)).toFixed(1)
  const how = `${sent} sent, ${acknowledged} acknowledged, in ${seconds.toFixed(1)} s (${rate} a second)`
  return `${how}${finished ? '' : '; interrupted'}`
}
