import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { GroundstationError } from '../errors.ts'

/** Where a password comes from, and where it is asked for. */
export type Terminal = {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

const LINE_MAX = 4096

/** One line of standard input; on a terminal asked for twice, without an echo. Raises USAGE. */
export async function readPassword(
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string> {
  const { input } = terminal
  if (!input.isTTY) return firstLine(input)
  const password = await ask(terminal, 'Password: ')
  if ((await ask(terminal, 'Again: ')) === password) return password
  throw new GroundstationError('USAGE', 'These are two passwords: nothing was changed.')
}

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of input) {
    const bytes = Buffer.from(piece)
    pieces.push(bytes)
    length += bytes.length
    if (length > LINE_MAX || bytes.includes(0x0a)) break
  }
  const [line = ''] = Buffer.concat(pieces).toString('utf8').split(/\r?\n/)
  if (line !== '' && Buffer.byteLength(line) <= LINE_MAX) return line
  throw new GroundstationError('USAGE', 'The password is expected on standard input, as one line.')
}

function ask({ input, output }: Terminal, question: string): Promise<string> {
  // Whatever is typed is drawn into nothing.
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  output.write(question)
  const line = createInterface({ input, output: nowhere, terminal: true })
  return new Promise((resolve, reject) => {
    line.once('line', text => resolve(text))
    line.once('SIGINT', () => reject(new GroundstationError('USAGE', 'Interrupted: nothing was changed.')))
    line.once('close', () => reject(new GroundstationError('USAGE', 'No password was typed: nothing was changed.')))
  }).finally(() => {
    line.close()
    output.write('\n')
  }) as Promise<string>
}
