import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** Runs a program to its end. What it said; an error with that where it isn't there or fails. */
export async function runProgram(name: string, args: readonly string[], cwd?: string): Promise<string> {
  const child = spawn(name, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  const said = `${out}${error}`
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${said.slice(-5_000)}`)
  return said
}
