import { type Logger, pino } from 'pino'
import type { LogLevel } from '../settings/settings.ts'

/** Lines of JSON to standard error, for programs; on a terminal short lines for people. */
export function createLog(level: LogLevel, stream: NodeJS.WriteStream = process.stderr): Logger {
  const options = { level, base: null }
  if (!stream.isTTY) return pino(options, stream)
  return pino(options, { write: line => void stream.write(forPeople(line)) })
}

const COLOURS: Readonly<Record<string, string>> = { warn: '\u001b[33m', error: '\u001b[31m', fatal: '\u001b[31m' }
const PLAIN = '\u001b[0m'

function forPeople(line: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(line) as Record<string, unknown>
  const label = pino.levels.labels[Number(level)] ?? 'info'
  const colour = COLOURS[label]
  const mark = label === 'info' ? '' : colour === undefined ? `${label}: ` : `${colour}${label}${PLAIN}: `
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const stack = (err as { stack?: string } | undefined)?.stack
  const clock = new Date(Number(time)).toTimeString().slice(0, 8)
  return `${clock} ${mark}${[msg, ...rest].join(' ')}\n${stack === undefined ? '' : `${stack}\n`}`
}
