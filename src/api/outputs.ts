import { Gauge, type Registry } from 'prom-client'
import { listOutputs, type StoredOutput } from '../store/read/outputs.ts'
import type { Query } from '../store/read/query.ts'

/** The outputs of each feed, as `GET /feeds` tells them. */
export async function toldOutputs(query: Query): Promise<ReadonlyMap<string, readonly object[]>> {
  const outputs = (await listOutputs(query)).map(({ feed, ...output }) => ({ feed, told: toldOf(output) }))
  const byFeed = Map.groupBy(outputs, ({ feed }) => feed)
  return new Map([...byFeed].map(([feed, some]) => [feed, some.map(({ told }) => told)]))
}

const toldOf = ({ kind, stream, target, lastId, lag, behindMs, isHeld, problem }: Omit<StoredOutput, 'feed'>) => ({
  kind,
  stream,
  target,
  lastId,
  lag,
  behindMs: Math.max(0, behindMs),
  isRunning: isHeld,
  problem,
})

type OutputLabel = 'feed' | 'kind' | 'stream' | 'target'

/** Figures of each output, in a registry; the function takes them anew. */
export function outputGauges(registry: Registry): (query: Query, feeds: ReadonlySet<string>) => Promise<void> {
  const gauge = (name: string, help: string) =>
    new Gauge<OutputLabel>({
      name: `groundstation_output_${name}`,
      help,
      labelNames: ['feed', 'kind', 'stream', 'target'],
      registers: [registry],
    })
  const lag = gauge('lag', 'Alerts that an output has still to deliver, 100000 at most.')
  const behind = gauge('behind_seconds', 'How long the first of them has waited.')
  const running = gauge('running', 'Whether some process delivers.')
  return async (query, feeds) => {
    for (const one of [lag, behind, running]) one.reset()
    for (const output of await listOutputs(query)) {
      const { feed, kind, stream, target } = output
      if (!feeds.has(feed)) continue
      const labels = { feed, kind, stream, target }
      lag.set(labels, output.lag)
      behind.set(labels, Math.max(0, output.behindMs) / 1000)
      running.set(labels, output.isHeld ? 1 : 0)
    }
  }
}
