/** The numbers of one key, gathered in rising order, and what its cursor must be by them. */
export type Span = [from: number, to: number]

export class Numbers {
  readonly spans: Span[] = []
  count = 0

  /** False where the number is in already. */
  take(number: number): boolean {
    this.count++
    const last = this.spans.at(-1)
    if (last !== undefined && number <= last[1]) return false
    if (last !== undefined && number === last[1] + 1) last[1] = number
    else this.spans.push([number, number])
    return true
  }

  get top(): number {
    return this.spans.at(-1)?.[1] ?? 0
  }

  has(number: number): boolean {
    let low = 0
    let high = this.spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.spans[middle]?.[1] ?? 0) < number) low = middle + 1
      else high = middle
    }
    const span = this.spans[low]
    return span !== undefined && span[0] <= number
  }
}

export const numbersOf = (rising: Iterable<number>): Numbers => {
  const numbers = new Numbers()
  for (const number of rising) numbers.take(number)
  return numbers
}

export type CursorFound = {
  readonly frontier: number
  readonly missing: readonly Span[]
  readonly voided: readonly Span[]
  readonly held: readonly Span[]
}

/**
 * What is on the record was applied, what is held waits, what was dismissed and never came is voided; every other number
 * up to the last applied is missing, for else what follows it would be held.
 */
export function cursorBy(recorded: Numbers, held: Numbers, dismissed: readonly number[]): CursorFound {
  const voided = numbersOf(dismissed.filter(number => !recorded.has(number) && !held.has(number)))
  let frontier = recorded.top
  for (const [from, to] of voided.spans) if (from <= frontier + 1 && to > frontier) frontier = to
  const missing: Span[] = []
  let next = 1
  const known = [...recorded.spans, ...voided.spans].sort((a, b) => a[0] - b[0])
  for (const [from, to] of known) {
    if (from > frontier) break
    if (from > next) missing.push([next, from - 1])
    next = to + 1
  }
  return { frontier, missing, voided: voided.spans, held: held.spans }
}
