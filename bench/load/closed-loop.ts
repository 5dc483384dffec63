import { Connection } from './connection.ts'

export type Posted = { readonly answered: number; readonly seconds: number; readonly p99Ms: number }

/** Posts one after the other on each connection, until the time is over; every post that was sent is answered. */
export async function postAll(
  posts: readonly Buffer[],
  { port, connections, seconds }: { port: number; connections: number; seconds: number },
): Promise<Posted> {
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)))
  const latencies: number[] = []
  let next = 0
  const started = performance.now()
  const deadline = started + seconds * 1000
  await Promise.all(
    open.map(async connection => {
      for (;;) {
        const sent = performance.now()
        const post = sent < deadline ? posts[next++] : undefined
        if (post === undefined) return
        const { status, body } = await connection.send(post)
        // 202: on a topic.
        if (status !== 200 && status !== 202) throw new Error(`${status} ${body}`)
        latencies.push(performance.now() - sent)
      }
    }),
  )
  const took = (performance.now() - started) / 1000
  for (const connection of open) connection.close()
  return { answered: latencies.length, seconds: took, p99Ms: quantile(latencies, 0.99) }
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}
