import { GroundstationError } from '../../../src/errors.ts'
import { parseDuration } from '../../rockets/duration.ts'

/** What goes wrong on purpose, each in a share of the requests from 0 to 1. */
export const FAULTS = [
  '500',
  '503',
  '429',
  'half',
  'cut',
  'html',
  'drop',
  'endless',
  'same-cursor',
  'redirect',
  'graphql-errors',
  'nulls',
  'slow',
] as const
export type Fault = (typeof FAULTS)[number]

export type Faults = {
  readonly shares: Readonly<Partial<Record<Fault, number>>>
  /** Where a redirect leads. */
  readonly redirectTo?: string
  /** How long a slow answer waits. */
  readonly slowMs?: number
  /** What 429 and 503 say in Retry-After. */
  readonly retryAfterS: number
}

const RETRY_AFTER_S = 1
export const NO_FAULTS: Faults = { shares: {}, retryAfterS: RETRY_AFTER_S }

/**
 * `500=0.1,429=0.05,endless,slow=0.2@3s,redirect=http://127.0.0.1:9/`: a share each, all requests where there is none. `slow` has
 * a duration and `redirect` an address, behind their share and an `@`. `retry-after=2` are the seconds that 429 and 503 name.
 */
export function parseFaults(text: string): Faults {
  let faults: Faults = NO_FAULTS
  for (const part of text.split(',').map(one => one.trim())) {
    if (part === '') continue
    const [name = '', value] = splitOnce(part, '=')
    faults = withFault(faults, name, value)
  }
  return faults
}

function withFault(faults: Faults, name: string, value: string | undefined): Faults {
  if (name === 'retry-after') return { ...faults, retryAfterS: secondsOf(value) }
  const fault = FAULTS.find(one => one === name)
  if (fault === undefined) usage(`'${name}' is no fault: expected ${FAULTS.join(', ')} or retry-after`)
  const isDetailed = fault === 'redirect' || fault === 'slow'
  const [share, detail] = isDetailed ? sharedOf(value) : [value, undefined]
  const shares = { ...faults.shares, [fault]: shareOf(fault, share) }
  if (fault === 'redirect') return { ...faults, shares, redirectTo: addressOf(detail) }
  if (fault === 'slow') return { ...faults, shares, slowMs: parseDuration(detail ?? '') }
  return { ...faults, shares }
}

/** `0.1@3s` → `0.1`, `3s`; `3s` → nothing, `3s`. */
function sharedOf(value = ''): [string | undefined, string] {
  const match = /^([\d.]+)@(.*)$/.exec(value)
  return match === null ? [undefined, value] : [match[1], match[2] ?? '']
}

function shareOf(fault: Fault, text: string | undefined): number {
  const share = text === undefined ? 1 : Number(text)
  if (text !== '' && share >= 0 && share <= 1) return share
  return usage(`${fault} is a share from 0 to 1, not '${text}'`)
}

function addressOf(text: string | undefined): string {
  if (text !== undefined && URL.canParse(text)) return text
  return usage(`redirect is an address, such as redirect=http://127.0.0.1:9/, not '${text}'`)
}

function secondsOf(text: string | undefined): number {
  const seconds = Number(text)
  if (text !== undefined && text !== '' && Number.isInteger(seconds) && seconds >= 0) return seconds
  return usage(`retry-after is a whole number of seconds, not '${text}'`)
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function usage(message: string): never {
  throw new GroundstationError('USAGE', `faults: ${message}.`)
}
