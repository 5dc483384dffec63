/** Whole numbers as text, as short as may be: seven bits a byte, base64url. One text each: any other is no id of ours. */
export function idOf(numbers: readonly number[]): string {
  const bytes: number[] = []
  for (const number of numbers) {
    let rest = number
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
  }
  return Buffer.from(bytes).toString('base64url')
}

const LENGTH_MAX = 400

/** The numbers of an id; undefined for what is none. */
export function numbersOf(id: string): readonly number[] | undefined {
  if (id.length > LENGTH_MAX) return undefined
  const numbers: number[] = []
  let number = 0
  let unit = 1
  for (const byte of Buffer.from(id, 'base64url')) {
    number += (byte % 128) * unit
    unit *= 128
    if (number > Number.MAX_SAFE_INTEGER) return undefined
    if (byte >= 128) continue
    numbers.push(number)
    number = 0
    unit = 1
  }
  return idOf(numbers) === id ? numbers : undefined
}
