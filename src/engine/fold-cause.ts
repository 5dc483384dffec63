import { messageOf } from '../errors.ts'

/** Frames of our own say nothing of a feed's fold. */
const OWN = new URL('..', import.meta.url).href
const IS_PATH = /^(file:\/\/|\/|[A-Za-z]:\\)/
const FRAME = /^\s+at .*?\(?((?:file:\/\/)?\/?[^\s()]+):(\d+):(\d+)\)?$/

const WORDS_MAX = 300
const UNREADABLE = 'an error that can not be read'

/** What an error says, for the dead letter: a text that a store takes, whatever was thrown. */
export function wordsOf(thrown: unknown): string {
  try {
    return String(messageOf(thrown)).slice(0, WORDS_MAX).replaceAll('\0', ' ').toWellFormed()
  } catch {
    return UNREADABLE
  }
}

/**
 * What a fold threw, and where in its source, for the log. Never what the error says: a feed's own words, or those of a parser, may
 * quote the event. They are in the dead letter.
 */
export function causeOf(thrown: unknown): string {
  try {
    return kindAndPlace(thrown)
  } catch {
    // What is thrown is a feed's own, its properties as well.
    return UNREADABLE
  }
}

function kindAndPlace(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `a thrown ${typeof thrown}`
  const { name } = thrown.constructor
  const kind = /^\w{1,60}$/.test(name) ? name : 'Error'
  const place = placeOf(thrown)
  return place === undefined ? kind : `${kind} at ${place}`
}

function placeOf({ stack, message }: Error): string | undefined {
  // The frames follow the message, which may have lines that look like one.
  const start = typeof stack === 'string' && typeof message === 'string' ? stack.indexOf(message) : -1
  if (start < 0 || stack === undefined) return undefined
  for (const line of stack
    .slice(start + message.length)
    .split('\n')
    .slice(1)) {
    const [, file, row, column] = FRAME.exec(line) ?? []
    if (file !== undefined && IS_PATH.test(file) && !file.startsWith(OWN))
      return `${file.replace('file://', '')}:${row}:${column}`
  }
  return undefined
}
