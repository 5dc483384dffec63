/** Whole numbers as sorted ranges that neither overlap nor touch; both ends belong to a range. */
export type Range = readonly [from: number, to: number]

export const includes = (ranges: readonly Range[], number: number): boolean => indexOf(ranges, number) >= 0

/** The index of the range that holds the number, or −1. */
export function indexOf(ranges: readonly Range[], number: number): number {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = ranges[middle] as Range
    if (number < from) high = middle - 1
    else if (number > to) low = middle + 1
    else return middle
  }
  return -1
}

/** The ranges with one more in; overlaps and touching ranges become one. */
export function add(ranges: readonly Range[], [from, to]: Range): Range[] {
  const before: Range[] = []
  const after: Range[] = []
  let start = from
  let end = to
  for (const range of ranges) {
    if (range[1] < start - 1) before.push(range)
    else if (range[0] > end + 1) after.push(range)
    else {
      start = Math.min(start, range[0])
      end = Math.max(end, range[1])
    }
  }
  return [...before, [start, end], ...after]
}

/** The ranges without the numbers of another. */
export function remove(ranges: readonly Range[], [from, to]: Range): Range[] {
  const left: Range[] = []
  for (const range of ranges) {
    if (range[1] < from || range[0] > to) left.push(range)
    else {
      if (range[0] < from) left.push([range[0], from - 1])
      if (range[1] > to) left.push([to + 1, range[1]])
    }
  }
  return left
}
