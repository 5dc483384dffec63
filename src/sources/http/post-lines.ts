import { GroundstationError } from '../../errors.ts'
import { answerMany } from './answer.ts'
import { type Chunk, chunksOfLines } from './chunk.ts'
import { Claim } from './claim.ts'
import { type Post, targetOf } from './gateway.ts'
import { Pieces } from './pieces.ts'
import { type Receipts, submitAll } from './submit-all.ts'
import { unfold } from './unfold.ts'

/** A body of lines, an event each, of any length: submitted while it comes, and read no faster than it is stored. */
export async function postLines(post: Post): Promise<void> {
  const { request, media, limits } = post
  const folded = media.isGzip ? unfold(request.raw, limits.unfoldRatioMax) : undefined
  const pieces = new Pieces(folded?.stream ?? request.raw, limits.idleMsMax)
  try {
    await answerMany(post, receiptsOf(post, pieces))
  } finally {
    pieces.stop()
    folded?.stop()
  }
}

async function* receiptsOf(post: Post, pieces: Pieces): Receipts {
  const { key, feed, limits, stopping } = post
  const target = targetOf(post)
  const claim = key !== undefined && feed.identity.kind !== 'position' ? new Claim(target, key) : undefined
  let count = 0
  const pass = (chunk: Chunk): Chunk => {
    if (stopping.aborted) throw new GroundstationError('STOPPING', 'The server is stopping.')
    claim?.add(chunk)
    count += chunk.length
    return chunk
  }
  const chunks = passing(chunksOfLines(pieces, limits.eventBytesMax), pass)
  yield* submitAll(target, chunks, { key, isStream: true })
  if (count === 0) throw new GroundstationError('REQUEST_INVALID', 'The body is empty.')
  await claim?.check('The events of this one were handled all the same, each by its own identity.')
}

async function* passing(
  chunks: AsyncGenerator<Chunk, void, undefined>,
  pass: (chunk: Chunk) => Chunk,
): AsyncGenerator<Chunk, void, undefined> {
  for await (const chunk of chunks) yield pass(chunk)
}
