import { rocketTraffic } from '../../simulators/rockets/index.ts'

/** The messages of so many rockets in the order of each, as they would be posted. */
export function rocketBytes({ seed, events, keys }: { seed: number; events: number; keys: number }): Buffer[] {
  const { postings } = rocketTraffic({ seed, rockets: keys, maxMessages: events, fold: false })
  const bytes: Buffer[] = []
  for (const { json } of postings) bytes.push(Buffer.from(json))
  return bytes
}

/** The same as NDJSON, shuffled within 300 places, a tenth of it twice. */
export function disturbedLines({ seed, events, keys }: { seed: number; events: number; keys: number }): {
  readonly pieces: Buffer[]
  readonly lines: number
} {
  const disturbed = { seed, rockets: keys, maxMessages: events, duplicates: 0.1, disorder: 300, fold: false }
  const { postings, tally } = rocketTraffic(disturbed)
  const pieces = piecesOf(postings, ({ json }) => json)
  return { pieces, lines: tally.sent }
}

const PIECE_LENGTH = 64 * 1024

/** Lines, as they are written to a socket. */
export function piecesOf<Item>(items: Iterable<Item>, textOf: (item: Item) => string): Buffer[] {
  const pieces: Buffer[] = []
  let text = ''
  for (const item of items) {
    text += `${textOf(item)}\n`
    if (text.length < PIECE_LENGTH) continue
    pieces.push(Buffer.from(text))
    text = ''
  }
  pieces.push(Buffer.from(text))
  return pieces
}
