/** Seeded chance: the same seed and purpose give the same numbers on every machine. Not for secrets. */
export interface Random {
  /** An integer from 0 to 2^32 − 1. */
  word(): number
  /** An integer from 0 to `limit` − 1; `limit` at most 2^32. */
  below(limit: number): number
  /** True in this fraction of the calls. */
  chance(fraction: number): boolean
}

const WORD = 2 ** 32

/** Spreads every bit of the input over the whole word; one-to-one, so that different inputs never meet. */
export function mix(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** Folds a seed of up to 53 bits, and what it is for, into one word. */
export function seedWord(seed: number, purpose: string): number {
  let word = mix(mix(seed % WORD) ^ Math.floor(seed / WORD))
  for (let i = 0; i < purpose.length; i++) word = mix(word ^ (purpose.charCodeAt(i) + i * 0x9e3779b9))
  return word
}

/**
 * sfc32. Each purpose has a stream of its own, so that switching one disturbance on leaves what the others do as it was.
 */
export function createRandom(seed: number, purpose: string): Random {
  let a = seedWord(seed, `${purpose}/a`)
  let b = seedWord(seed, `${purpose}/b`)
  let c = seedWord(seed, `${purpose}/c`)
  let counter = 1
  const word = (): number => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  return {
    word,
    below: limit => Math.floor((word() / WORD) * limit),
    chance: fraction => fraction > 0 && word() < fraction * WORD,
  }
}
