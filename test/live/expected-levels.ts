import type { Ground } from '../engine/ground.ts'

export type Level = {
  readonly meter: string
  readonly total: number
  readonly last: string
  readonly sequence: number
  readonly complete: boolean
}

/**
 * Each meter's states from the record alone, with code of its own: after each event in the order of positions, the sum of
 * what is there by then, in the order of the numbers.
 */
export async function expectedLevels(ground: Ground): Promise<Map<string, Level[]>> {
  const rows = await ground.rows('select raw from groundstation.event order by lane, position')
  const seen = new Map<string, { number: number; by: number; kind: string }[]>()
  const levels = new Map<string, Level[]>()
  for (const { raw } of rows) {
    const event = JSON.parse(String(raw)) as { meter: string; number: number; by: number; kind: string }
    const events = [...(seen.get(event.meter) ?? []), event].sort((a, b) => a.number - b.number)
    seen.set(event.meter, events)
    const sequence = events.at(-1)?.number ?? 0
    const level = {
      meter: event.meter,
      total: events.reduce((total, { by }) => total + by, 0),
      last: events.at(-1)?.kind ?? '',
      sequence,
      time: null,
      complete: events.length === sequence,
    }
    levels.set(event.meter, [...(levels.get(event.meter) ?? []), level])
  }
  return levels
}
