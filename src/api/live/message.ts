/** Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them. */
export type Message = { readonly id: string; readonly event: string; readonly data: string }

/** Each line of the data is a field of its own: a line break within JSON is no part of a value. */
export function textOf({ id, event, data }: Message): string {
  const lines = data.split(/\r\n|\r|\n/).map(line => `data: ${line}\n`)
  return `id: ${id}\nevent: ${event}\n${lines.join('')}\n`
}

/** A place without an event: who reconnects before the next one goes on from there. */
export const placeText = (id: string): string => `id: ${id}\n\n`
