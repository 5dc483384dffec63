import type { Cursor, Held } from './cursor.ts'

/** The cursor without some numbers that were held, lowest first: they are as if they had not come. */
export function withdraw(cursor: Cursor, numbers: readonly number[]): Cursor {
  const left: Held[] = []
  let at = 0
  for (const { from, to, since } of cursor.held) {
    let start = from
    for (let number = numbers[at]; number !== undefined && number <= to; number = numbers[++at]) {
      if (number > start) left.push({ from: start, to: number - 1, since })
      start = number + 1
    }
    if (start <= to) left.push({ from: start, to, since })
  }
  return { ...cursor, held: left }
}
