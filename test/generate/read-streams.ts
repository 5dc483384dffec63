/** What a `CREATE STREAM` says, read by other means than it is written: names as they are matched, types by their family. */
export type Stream = {
  readonly name: string
  readonly columns: Readonly<Record<string, unknown>>
  readonly properties: Readonly<Record<string, string>>
}

const TOKEN = /\s*(?:--[^\n]*\n\s*)*(`(?:[^`]|``)*`|'(?:[^']|'')*'|[A-Za-z0-9_]+|[(),<>=;])/y

const FAMILY: Readonly<Record<string, string>> = {
  VARCHAR: 'text',
  STRING: 'text',
  INT: 'integer',
  BIGINT: 'integer',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
}

export function readStreams(text: string): Stream[] {
  const tokens = tokensOf(text)
  const streams: Stream[] = []
  const take = () => tokens.shift() ?? ''
  const expect = (...words: string[]) => {
    for (const word of words) {
      const found = take()
      if (found.toUpperCase() !== word) throw new Error(`expected ${word}, and there is ${found}`)
    }
  }
  const name = () => take().replace(/^`|`$/g, '').replaceAll('``', '`')
  const type = (): unknown => {
    const word = take().toUpperCase()
    if (word === 'STRUCT') return list('<', '>', type)
    if (word === 'ARRAY') return { of: between('<', '>', type) }
    if (word === 'MAP') {
      return between('<', '>', () => {
        expect('VARCHAR', ',')
        return { to: type() }
      })
    }
    const family = FAMILY[word]
    if (family === undefined) throw new Error(`there is no type ${word}`)
    if (tokens[0] === '(') between('(', ')', take)
    return family
  }
  const between = <Result>(open: string, close: string, work: () => Result): Result => {
    expect(open)
    const result = work()
    expect(close)
    return result
  }
  const list = (open: string, close: string, value: () => unknown): Record<string, unknown> =>
    between(open, close, () => {
      const entries: [string, unknown][] = []
      do {
        if (tokens[0] === ',') take()
        entries.push([name(), value()])
      } while (tokens[0] === ',')
      return Object.fromEntries(entries)
    })
  const column = () => {
    const read = type()
    if (tokens[0]?.toUpperCase() !== 'KEY') return read
    take()
    return `${read} key`
  }
  const property = () => {
    expect('=')
    return take().slice(1, -1).replaceAll("''", "'")
  }
  while (tokens.length > 0) {
    expect('CREATE', 'STREAM')
    if (tokens[0] === 'IF') expect('IF', 'NOT', 'EXISTS')
    const stream = name()
    const columns = list('(', ')', column)
    expect('WITH')
    streams.push({ name: stream, columns, properties: list('(', ')', property) as Record<string, string> })
    expect(';')
  }
  return streams
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  const trimmed = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < trimmed.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(trimmed)
    if (match === null) throw new Error(`not of ksqlDB: ${trimmed.slice(at, at + 40)}`)
    tokens.push(match[1] ?? '')
  }
  return tokens
}
