import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { GroundstationError } from '../errors.ts'
import type { Account } from './account.ts'

export type RunOptions = {
  readonly cwd: string
  readonly account?: Account | undefined
  /** What the program reads on standard input. Secrets go here: arguments can be seen by everyone. */
  readonly input?: string
  readonly signal?: AbortSignal | undefined
}

export type RunResult = { readonly code: number | null; readonly output: string }

/** The environment of the server's programs: none of the user's PG* variables, messages in English, times in UTC. */
export function serverEnvironment(): Record<string, string> {
  const env: Record<string, string> = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of ['PATH', 'SystemRoot', 'TEMP', 'TMP']) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}

/**
 * Runs a program of the package to its end. Raises EMBEDDED_UNAVAILABLE when it can't be executed here, STOPPING when
 * the signal is aborted (the program is killed). The exit code is the caller's to judge.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawnProgram(program, args, {
      cwd: options.cwd,
      stdio: 'pipe',
      ...options.account,
      ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: 'SIGKILL' as const }),
    })
    let output = ''
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000)
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.on('error', cause => reject(spawnFault(program, cause)))
    child.on('close', code => resolve({ code, output }))
    // A program that ends before it has read its input: the exit code tells, not the broken pipe.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input ?? '')
  })
}

/** Node emits some faults of a spawn and throws others (EPERM among them); here the thrown ones get their words too. */
export function spawnProgram(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(program, args, { env: serverEnvironment(), windowsHide: true, ...options })
  } catch (cause) {
    throw spawnFault(program, cause as Error)
  }
}

/** What it means when a program of the package could not be started. */
export function spawnFault(program: string, cause: Error): GroundstationError {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ABORT_ERR') return new GroundstationError('STOPPING', 'stopped while opening the database', { cause })
  const why =
    code === 'ENOENT'
      ? 'it, or the C library it needs, is missing (on Alpine Linux, for one, there is no glibc)'
      : code === 'EPERM' || code === 'EINVAL'
        ? 'changing to an unprivileged user is not permitted here'
        : code === 'EACCES'
          ? 'the server’s user may not execute it'
          : String(code ?? cause.message)
  return new GroundstationError(
    'EMBEDDED_UNAVAILABLE',
    `the embedded PostgreSQL can't be run: ${program}: ${why}. Set DATABASE_URL to use a PostgreSQL of your own`,
    { cause },
  )
}

/** The lines that say what went wrong, out of a program's output. */
export function faultLines(output: string): string {
  const lines = output.split('\n').map(line => line.replace(/^\S+ \S+ \S+ \[\d+\] /, '').trim())
  const telling = lines.filter(line => /(ERROR|FATAL|PANIC|HINT|error|hint|could not)\b/.test(line))
  return (telling.length > 0 ? telling : lines.filter(line => line !== '')).slice(-4).join(' · ')
}
