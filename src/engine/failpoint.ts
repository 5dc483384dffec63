/**
 * Named places in a batch where a test can stop the process or the connection, to prove that a batch is all or nothing.
 * Off, and free, unless a handler is set.
 */
export const FAILPOINTS = [
  'locked',
  'decided',
  'record',
  'tables',
  'held',
  'refold',
  'letters',
  'keys',
  'lanes',
  'alerts',
  'commit',
  'committed',
] as const
export type Failpoint = (typeof FAILPOINTS)[number]

type Handler = (point: Failpoint) => Promise<void>
let handler: Handler | undefined

export function onFailpoint(next: Handler | undefined): void {
  handler = next
}

export function failpoint(point: Failpoint): Promise<void> | undefined {
  return handler?.(point)
}
