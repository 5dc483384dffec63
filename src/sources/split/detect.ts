import { isSpace } from './gather.ts'
import type { SplitMode } from './item.ts'

/**
 * How a file of events is laid out, by its first bytes (some thousand, so that its first line is among them): an array or
 * one object over several lines is `json`; everything else, a first line that is broken included, is `lines`.
 */
export function detect(firstBytes: Buffer): SplitMode {
  let start = firstBytes.length >= 3 && firstBytes.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0
  while (start < firstBytes.length && isSpace(firstBytes[start])) start++
  if (firstBytes[start] === 0x5b) return 'json'
  if (firstBytes[start] !== 0x7b) return 'lines'
  const lineEnd = firstBytes.indexOf(0x0a, start)
  if (lineEnd === -1) return 'lines'
  const line = firstBytes.toString('utf8', start, lineEnd).trimEnd()
  return isWhole(line) || !goesOn(line, nextCharacter(firstBytes, lineEnd)) ? 'lines' : 'json'
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

/** Whether a line's end can be the middle of an object: else the line is a broken event, and the next one another. */
function goesOn(line: string, next: string): boolean {
  const last = line.at(-1)
  if (last === '{') return next === '"' || next === '}'
  if (last === ',') return next !== '{' || line.includes('[')
  return last === '[' || last === ':' || [',', ':', ']', '}'].includes(next)
}

function nextCharacter(bytes: Buffer, from: number): string {
  let index = from
  while (index < bytes.length && isSpace(bytes[index])) index++
  return bytes.toString('latin1', index, index + 1)
}
