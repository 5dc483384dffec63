import { readFile } from 'node:fs/promises'
import { GroundstationError, messageOf } from '../../src/errors.ts'
import { checkDetection } from './detection.ts'

/** The lines of a file of detections, one JSON object a line; blank ones don't count. */
export async function readList(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw new GroundstationError('FILE_UNREADABLE', `${file} can't be read: ${messageOf(error)}`, { cause: error })
  })
  return listOf(text, file)
}

/** All are checked before the first is sent. `name` is what an error calls the list. */
export function listOf(text: string, name: string): string[] {
  const lines: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const detection = line.trim()
    if (detection === '') continue
    checkDetection(detection, `${name}:${index + 1}`)
    lines.push(detection)
  }
  if (lines.length === 0) throw new GroundstationError('USAGE', `${name} has no detections.`)
  return lines
}

/** From the first to the last, and again from the first, without an end. */
export function* roundAndRound<T>(values: readonly T[]): Generator<T, void, undefined> {
  if (values.length === 0) return
  for (;;) yield* values
}

/** The next ones, fewer where there are no more. */
export function take<T>(values: Iterator<T>, count: number): T[] {
  const taken: T[] = []
  while (taken.length < count) {
    const next = values.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}
