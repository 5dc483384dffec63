import { contentOf } from '../feed/alert.ts'
import type { AlertRow } from '../store/write/alerts.ts'
import type { Batch } from './batch.ts'

/** The alerts that a batch raises, by stream, in the order in which its events were applied. Streams come by their names,
 * so that two batches lock them in one order. */
export function raisedBy({ feed, effects }: Batch): readonly (readonly [string, readonly AlertRow[]])[] {
  if (feed.alerts.length === 0) return []
  const streams = new Map<string, AlertRow[]>()
  for (const { event, type, raw, sequence, after } of effects.applied)
    for (const alert of feed.alerts) {
      if (!alert.matches(event, type)) continue
      const state = after?.state
      if (alert.stateMatches !== undefined && (state === undefined || !alert.stateMatches(state))) continue
      const key = feed.identity.keyOf?.(event) ?? null
      const data = contentOf(alert, { raw: raw.toString('utf8'), key, sequence, state })
      const rows = streams.get(alert.stream)
      const row = { rule: alert.rule, key, data, topic: alert.topic ?? null }
      if (rows === undefined) streams.set(alert.stream, [row])
      else rows.push(row)
    }
  return [...streams].sort(([a], [b]) => (a < b ? -1 : 1))
}
