import type { IncomingHttpHeaders } from 'node:http'
import { GroundstationError } from '../../errors.ts'

/** `json`: one value, read whole. `lines`: NDJSON, streamed. */
export type Form = 'json' | 'lines'
export type Media = { readonly form: Form; readonly isGzip: boolean }

export const LINES_MEDIA_TYPE = 'application/x-ndjson'

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['application/json', 'json'],
  [LINES_MEDIA_TYPE, 'lines'],
  ['application/ndjson', 'lines'],
  ['application/jsonl', 'lines'],
])

/** What the headers say of the body. Raises MEDIA_TYPE for whatever isn't taken. */
export function mediaOf(headers: IncomingHttpHeaders): Media {
  return { form: formOf(headers['content-type']), isGzip: isGzip(headers['content-encoding']) }
}

/** Of a post whose bytes are signed: they are checked whole, as they came. Raises MEDIA_TYPE. */
export function requireWhole({ form, isGzip }: Media): void {
  if (form === 'lines') throw new GroundstationError('MEDIA_TYPE', 'Content-Type: a signed post is application/json.')
  // No scheme says whether the bytes are signed before or after they are packed.
  if (isGzip) throw new GroundstationError('MEDIA_TYPE', 'Content-Encoding: a signed post comes as it is.')
}

function formOf(header: string | undefined): Form {
  const [type = '', ...parameters] = (header ?? '').split(';')
  const form = FORMS.get(type.trim().toLowerCase())
  if (form === undefined)
    throw new GroundstationError(
      'MEDIA_TYPE',
      `Content-Type: ${[...FORMS.keys()].join(', ')} are taken${header === undefined ? '; it is missing' : ''}.`,
    )
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=')
    if (name.trim().toLowerCase() !== 'charset') continue
    if (!/^"?utf-?8"?$/i.test(value.trim()))
      throw new GroundstationError('MEDIA_TYPE', 'Content-Type: JSON is UTF-8; no other charset is taken.')
  }
  return form
}

function isGzip(header: string | undefined): boolean {
  const coding = header?.trim().toLowerCase()
  if (coding === undefined || coding === '' || coding === 'identity') return false
  if (coding === 'gzip' || coding === 'x-gzip') return true
  throw new GroundstationError('MEDIA_TYPE', 'Content-Encoding: gzip is the one that is taken.')
}
