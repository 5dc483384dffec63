/** Where in the story one is: at its end, unless told otherwise; still, or so many seconds on with each second. */
export type Clock = {
  nowMs(): number
  readonly speed: number
  move(to: { readonly timeMs?: number | undefined; readonly speed?: number | undefined }): void
}

export const END = Number.POSITIVE_INFINITY

/** `elapsedMs` never goes back: the story goes on steadily when the machine's clock is put right. */
export function createClock(timeMs: number, speed: number, elapsedMs = () => performance.now()): Clock {
  let from = { timeMs, speed, atMs: elapsedMs() }
  const nowMs = () => from.timeMs + (elapsedMs() - from.atMs) * from.speed
  return {
    // At the end nothing is left to come, and infinity times 0 would be no number.
    nowMs: () => (from.timeMs === END ? END : nowMs()),
    get speed() {
      return from.speed
    },
    move: to => {
      const stands = from.timeMs === END ? END : nowMs()
      from = { timeMs: to.timeMs ?? stands, speed: to.speed ?? from.speed, atMs: elapsedMs() }
    },
  }
}
