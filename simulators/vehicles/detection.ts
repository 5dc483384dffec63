import { GroundstationError } from '../../src/errors.ts'

/** A vehicle as the camera's program tells of it; nothing else is in a message, and it has no key. */
export type Detection = {
  readonly Year: number
  readonly Make: string
  readonly Model: string
  readonly Category: string
}

const TEXTS = ['Make', 'Model', 'Category']

/** Checks a line of a list. It is sent as it is written, so what is wrong with it has to be known before. */
export function checkDetection(line: string, at: string): void {
  const fault = faultOf(line)
  if (fault !== undefined) throw new GroundstationError('USAGE', `${at}: ${fault}`, { at })
}

function faultOf(line: string): string | undefined {
  const detection = parse(line)
  if (detection === undefined) return 'a line is a JSON object: {"Year": …, "Make": …, "Model": …, "Category": …}.'
  if (!Number.isInteger(detection.Year)) return 'Year is a whole number.'
  const missing = TEXTS.find(name => typeof detection[name] !== 'string')
  return missing === undefined ? undefined : `${missing} is a text.`
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
