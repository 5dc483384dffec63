import { GroundstationError } from '../errors.ts'
import { parsers } from './parse.ts'
import type { Read } from './read.ts'

/** PEM texts of the listener's certificate and its key. */
export type TlsSettings = { readonly cert: string; readonly key: string }

export async function readTls(read: Read): Promise<TlsSettings | undefined> {
  const cert = await read('TLS_CERT', parsers.pem)
  const key = await read('TLS_KEY', parsers.pem, { isSecret: true })
  if (cert !== undefined && key !== undefined) return { cert, key }
  if (cert === undefined && key === undefined) return undefined
  throw new GroundstationError('SETTING_INVALID', 'TLS_CERT and TLS_KEY belong together: expected both, or none.', {
    at: 'TLS_CERT',
  })
}
