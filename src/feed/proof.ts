/**
 * Proves that bytes which come again say what a key's latest version says, without reading them. It is made of the content's
 * digest, of the declaration that has read the bytes, and of the bytes; where any of them is another, it proves nothing.
 */
import { createHash, hash } from 'node:crypto'
import type { FeedDeclaration } from './declare.ts'

/** Changes when the same bytes would be read in another way, or refused: with the schema, the identity or a table. */
export function readingOf({ event, identity, tables }: FeedDeclaration): Buffer {
  const text = JSON.stringify([event, identity, tables ?? {}], (_name, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  )
  return createHash('sha256').update(text).digest()
}

/** SHA-256 of bytes as they came, in hexadecimal. */
export const bytesDigest = (bytes: Buffer): string => hash('sha256', bytes, 'hex')

/** `store/write/unchanged.ts` says the same in SQL. */
export const proofOf = (content: Buffer, reading: Buffer, bytes: Buffer): Buffer =>
  createHash('sha256').update(content).update(reading).update(bytesDigest(bytes), 'hex').digest()
