import { setTimeout as delay } from 'node:timers/promises'

const MS_MAX = 60_000

/** Asks again and again, and resolves with the first answer that there is. `what` is said where none comes. */
export async function until<Value>(
  what: string,
  ask: () => Promise<Value | undefined | false>,
  msMax = MS_MAX,
): Promise<Value> {
  const deadline = performance.now() + msMax
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`not so after ${msMax / 1000} s: ${what}`)
    await delay(20)
  }
}
