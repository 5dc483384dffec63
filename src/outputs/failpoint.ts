/**
 * Named places where a test can end or freeze the process that delivers, to prove that nothing is told twice or lost. Off,
 * and free, unless a handler is set.
 */
export const OUTPUT_FAILPOINTS = ['claimed', 'fenced', 'taken', 'read', 'appended', 'committed', 'saved'] as const
export type OutputFailpoint = (typeof OUTPUT_FAILPOINTS)[number]

type Handler = (point: OutputFailpoint) => Promise<void>
let handler: Handler | undefined

export function onOutputFailpoint(next: Handler | undefined): void {
  handler = next
}

export function failpoint(point: OutputFailpoint): Promise<void> | undefined {
  return handler?.(point)
}
