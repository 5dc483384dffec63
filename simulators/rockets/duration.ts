import { GroundstationError } from '../../src/errors.ts'

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `5ms`, `0.5s`, `2m`, `1h`, and of `0`, the one number that needs no unit. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim())
  if (match === null && /^0+$/.test(text.trim())) return 0
  const perUnit = MS_PER_UNIT[match?.[2] ?? '']
  if (perUnit === undefined) {
    throw new GroundstationError('USAGE', `"${text}" is no duration: write it as 500ms, 2s, 1m or 0.`)
  }
  return Number(match?.[1]) * perUnit
}
