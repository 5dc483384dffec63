import type { FastifyReply } from 'fastify'

/** A list's page. `items` are JSON texts: events are handed on as they were posted. */
export function sendList(reply: FastifyReply, items: readonly string[], next: string | null): FastifyReply {
  return sendText(reply, `{"data":[${items.join(',')}],"next":${JSON.stringify(next)}}`)
}

/** Rows of a table or a view, and how many they are; `head` comes before them. Rows are JSON texts. */
export function sendRows(
  reply: FastifyReply,
  rows: readonly string[],
  head: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const fields = JSON.stringify({ ...head, size: rows.length }).slice(0, -1)
  return sendText(reply, `${fields},"data":[${rows.join(',')}]}`)
}

export const sendValue = (reply: FastifyReply, value: unknown): FastifyReply => sendText(reply, JSON.stringify(value))

const sendText = (reply: FastifyReply, text: string): FastifyReply =>
  reply.header('content-type', 'application/json; charset=utf-8').send(text)
