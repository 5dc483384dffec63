import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { GroundstationError } from '../../errors.ts'
import { Refusal } from './problem.ts'

/** Below this nothing is a bomb, whatever it was packed to. */
const HARMLESS_BYTES = 4 * 1024 * 1024

/** A compressed body unfolded: a stream that fails where it isn't gzip, breaks off, or unfolds to too much. */
export function unfold(request: IncomingMessage, ratioMax: number): { stream: Readable; stop: () => void } {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 })
  const stream = new PassThrough()
  let unfolded = 0
  const fail = (error: Error): void => {
    stop()
    stream.destroy(error)
  }
  const stop = (): void => {
    request.off('error', fail).off('close', onClose).unpipe(gunzip)
    gunzip.unpipe(stream)
    gunzip.destroy()
  }
  const onClose = (): void => {
    if (!request.readableEnded) fail(new Refusal(400, 'request-invalid', 'The connection ended within the body.'))
  }
  gunzip.on('data', (chunk: Buffer) => {
    unfolded += chunk.length
    if (unfolded > HARMLESS_BYTES && unfolded > gunzip.bytesWritten * ratioMax)
      fail(
        new GroundstationError(
          'BODY_TOO_LARGE',
          `The body unfolds to more than ${ratioMax} times what it was packed to.`,
        ),
      )
  })
  gunzip.on('error', () => fail(new GroundstationError('REQUEST_INVALID', 'The body is not gzip, or broke off.')))
  request.on('error', fail).on('close', onClose)
  // Whoever read the stream may have left: its failure is nobody's then.
  stream.on('error', () => undefined)
  request.pipe(gunzip).pipe(stream)
  return { stream, stop }
}
