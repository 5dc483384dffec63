import { setTimeout as delay } from 'node:timers/promises'
import { quantile } from './closed-loop.ts'

export type Told = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Measured, of all that was told to whomever. */
  readonly samples: number
}

/** When each message was due, and how long after that it was told. */
export class Hearing {
  readonly #due = new Map<string, number>()
  #latencies: number[] = []

  begin(): void {
    this.#due.clear()
    this.#latencies = []
  }

  due(name: string, dueMs: number): void {
    this.#due.set(name, dueMs)
  }

  heard(data: string): void {
    const nowMs = performance.now()
    const due = this.#due.get(nameOf(data))
    if (due !== undefined) this.#latencies.push(nowMs - due)
  }

  told(): Told {
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map(part => quantile(this.#latencies, part)) as [
      number,
      number,
      number,
    ]
    return { p50Ms, p99Ms, maxMs, samples: this.#latencies.length }
  }
}

/** Which of the rockets' messages it is. */
export function nameOf(json: string): string {
  const { metadata } = JSON.parse(json) as { metadata: { channel: string; messageNumber: number } }
  return `${metadata.channel}#${metadata.messageNumber}`
}

/** Sends at a rate that waits for nothing: `send` gets those that are due and the moment each was. */
export async function atRate<Item>(
  items: readonly Item[],
  perSecond: number,
  send: (item: Item, dueMs: number) => Promise<unknown>,
): Promise<void> {
  const running: Promise<unknown>[] = []
  const started = performance.now()
  for (let index = 0; index < items.length; ) {
    const due = Math.min(items.length, Math.ceil(((performance.now() - started) / 1000) * perSecond))
    for (; index < due; index++) running.push(send(items[index] as Item, started + (index / perSecond) * 1000))
    await delay(1)
  }
  await Promise.all(running)
}
