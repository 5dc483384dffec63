import pg from 'pg'
import { messageOf } from '../errors.ts'

/** Told at the commit of whatever raised alerts, with the stream's path. */
export const ALERTS_CHANNEL = 'groundstation_alerts'

const AGAIN_MS = 1_000

/** A connection that only listens, made again for as long as it takes. */
export function listenOn(
  config: pg.ClientConfig,
  channel: string,
  onNotified: (payload: string) => void,
  log: (message: string) => void,
): { close(): Promise<void> } {
  let isClosed = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  const again = () => {
    client = undefined
    if (!isClosed) timer ??= setTimeout(connect, AGAIN_MS).unref()
  }
  const connect = () => {
    timer = undefined
    // Nothing is asked on it but once: how long a statement may take doesn't matter.
    const next = new pg.Client(config)
    client = next
    next.on('notification', ({ payload = '' }) => onNotified(payload))
    next.on('error', error => log(`the connection that listens ended: ${messageOf(error)}`))
    next.on('end', again)
    next
      .connect()
      .then(() => next.query(`listen ${pg.escapeIdentifier(channel)}`))
      .then(() => onNotified(''))
      .catch(() => {
        // What is listened for is looked at now and then as well; the pool says why nothing answers.
        next.end().catch(() => undefined)
        if (client === next) again()
      })
  }
  connect()
  return {
    close: async () => {
      isClosed = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
