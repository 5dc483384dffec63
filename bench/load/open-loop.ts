import { setTimeout as delay } from 'node:timers/promises'
import { quantile } from './closed-loop.ts'
import { Connection } from './connection.ts'
import { getOf } from './request.ts'

export type Probed = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly probes: number
  readonly answered: number
  /** How often a GET that followed an answered POST didn't show it yet. */
  readonly stale: number
}

type How = { readonly port: number; readonly perSecond: number; readonly seconds: number; readonly every: number }

/**
 * Posts at a rate that doesn't wait for answers, and asks for the state of every so manieth: from the moment at which
 * the post was due (so that a late sender hides nothing) to the answer that shows it.
 */
export async function probe(posts: readonly Buffer[], { port, perSecond, seconds, every }: How): Promise<Probed> {
  const idle: Connection[] = await Promise.all(Array.from({ length: 64 }, () => Connection.open(port)))
  const all = [...idle]
  const latencies: number[] = []
  let stale = 0
  let answered = 0
  const one = async (post: Buffer, index: number, dueMs: number): Promise<void> => {
    // The one that has rested longest: the server closes those that rest for seconds.
    const connection = idle.shift() ?? (await another(port, all))
    const { status, body } = await connection.send(post)
    if (status !== 200) throw new Error(`${status} ${body}`)
    answered++
    if (index % every === 0) {
      stale += await untilShown(connection, port, post)
      latencies.push(performance.now() - dueMs)
    }
    idle.push(connection)
  }
  const count = Math.min(posts.length, Math.floor(perSecond * seconds))
  const running: Promise<void>[] = []
  const started = performance.now()
  for (let index = 0; index < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - started) / 1000) * perSecond))
    for (; index < due; index++) running.push(one(posts[index] as Buffer, index, started + (index / perSecond) * 1000))
    await delay(1)
  }
  await Promise.all(running)
  for (const connection of all) connection.close()
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map(part => quantile(latencies, part)) as [number, number, number]
  return { p50Ms, p99Ms, maxMs, probes: latencies.length, answered, stale }
}

export async function another(port: number, all: Connection[]): Promise<Connection> {
  const connection = await Connection.open(port)
  all.push(connection)
  return connection
}

/** How many answers didn't show the post yet. */
async function untilShown(connection: Connection, port: number, post: Buffer): Promise<number> {
  const text = post.toString('latin1')
  const { metadata } = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as {
    metadata: { channel: string; messageNumber: number }
  }
  const get = getOf(port, `/rockets/${metadata.channel}`)
  for (let stale = 0; ; stale++) {
    const { status, body } = await connection.send(get)
    const state = status === 200 ? (JSON.parse(body) as { messageNumber: number }) : undefined
    if (state !== undefined && state.messageNumber >= metadata.messageNumber) return stale
    if (stale > 10_000) throw new Error(`never shown: ${status} ${body}`)
  }
}
