import { Connection } from './connection.ts'
import { postHead } from './request.ts'

/** One post of NDJSON; the answer's totals. */
export async function streamLines(
  pieces: readonly Buffer[],
  port: number,
): Promise<{ readonly seconds: number; readonly totals: Readonly<Record<string, number>> }> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const connection = await Connection.open(port)
  const started = performance.now()
  const head = Buffer.from(postHead(port, 'application/x-ndjson', length))
  const { status, body } = await connection.stream([head, ...pieces])
  const seconds = (performance.now() - started) / 1000
  connection.close()
  // 202: on a topic.
  if (status !== 200 && status !== 202) throw new Error(`${status} ${body}`)
  return { seconds, totals: JSON.parse(body) as Record<string, number> }
}
