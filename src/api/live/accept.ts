const STREAM = 'text/event-stream'
const JSON_TYPE = 'application/json'

/** Whether a client asks for a stream by name, and rather than for JSON. Anything else is JSON's. */
export function wantsStream(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes(STREAM)) return false
  const weights = new Map(accept.split(',').map(weightOf))
  const stream = weights.get(STREAM) ?? 0
  return stream > 0 && stream > (weights.get(JSON_TYPE) ?? 0)
}

/** `text/html;q=0.5`: the type and its weight, which is 1 where none is given or none that can be read. */
function weightOf(range: string): [string, number] {
  const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase())
  const given = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
  return [type, given !== undefined && /^[01](\.\d{0,3})?$/.test(given) ? Number(given) : 1]
}
