import type { IncomingHttpHeaders } from 'node:http'
import type { SignatureScheme } from '../../../feed/signature.ts'

/** What a request's headers say of its signature. */
export type Claim = {
  /** Signed before the body. */
  readonly before: string
  /** When it was sent, in whole seconds since 1970; undefined where the scheme doesn't say. */
  readonly sentSeconds: number | undefined
  /** Any of them may fit: a sender that changes its secret signs with both. */
  readonly signatures: readonly string[]
}

export type Scheme = {
  /** All must be there. */
  readonly headers: readonly string[]
  /** How the signature is written. Compared as text, so that one that is cut off, or written otherwise, never fits. */
  readonly encoding: 'hex' | 'base64'
  /** Of headers that are there, with their values in the order of `headers`; undefined where they are malformed. */
  readonly read: (...values: string[]) => Claim | undefined
}

const SECONDS = /^\d{1,12}$/

export const SCHEMES: Readonly<Record<SignatureScheme, Scheme>> = {
  standard: {
    headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
    encoding: 'base64',
    read: (id = '', timestamp = '', list = '') => {
      // With a full stop in the id, a part of it could be taken for the time, and the time for the body's beginning.
      if (id === '' || id.includes('.') || !SECONDS.test(timestamp)) return undefined
      const signatures = list.split(' ').flatMap(one => (one.startsWith('v1,') ? [one.slice(3)] : []))
      return { before: `${id}.${timestamp}.`, sentSeconds: Number(timestamp), signatures }
    },
  },
  github: {
    headers: ['x-hub-signature-256'],
    encoding: 'hex',
    read: (signature = '') =>
      signature.startsWith('sha256=')
        ? { before: '', sentSeconds: undefined, signatures: [signature.slice('sha256='.length)] }
        : undefined,
  },
  stripe: {
    headers: ['stripe-signature'],
    encoding: 'hex',
    read: (header = '') => {
      const parts = header.split(',').map(part => part.trim())
      const valuesOf = (name: string) =>
        parts.flatMap(part => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []))
      const [timestamp = '', another] = valuesOf('t')
      if (another !== undefined || !SECONDS.test(timestamp)) return undefined
      return { before: `${timestamp}.`, sentSeconds: Number(timestamp), signatures: valuesOf('v1') }
    },
  },
}

/** The headers' values; undefined with the name of the first that is missing. */
export function valuesIn(
  headers: IncomingHttpHeaders,
  names: readonly string[],
): { values: string[]; missing: undefined } | { missing: string } {
  const missing = names.find(name => typeof headers[name] !== 'string' || headers[name] === '')
  return missing === undefined ? { values: names.map(name => String(headers[name])), missing } : { missing }
}
