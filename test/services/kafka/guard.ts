import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Sees to it that neither a process nor its folder outlives the test, however that ends: with -9 it can't clean up itself.
 */
export type Guard = {
  /** What to kill; undefined when it has ended, so that nobody is hit who was given its number next. */
  watch(pid: number | undefined): void
  /** Removes the folder, and leaves. */
  end(): void
}

/** Reads process ids until whoever tells them is gone. Deaf to Ctrl-C, which the terminal sends to everyone. */
const SCRIPT = `
trap '' INT TERM HUP
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then kill -9 "$pid"; fi
rm -rf "$1"`

export function guard(folder: string): Guard {
  const stdio = ['pipe', 'ignore', 'ignore'] as const
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', folder], { cwd: '/', stdio: [...stdio], detached: true })
  // A test that forgets its broker ends nevertheless.
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  shell.stdin.on('error', () => undefined)
  return {
    watch: pid => shell.stdin?.write(`${pid ?? ''}\n`),
    end: () => shell.stdin?.end(),
  }
}
