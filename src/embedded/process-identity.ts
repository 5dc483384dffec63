/**
 * A process id alone says nothing: after a crash or a reboot it belongs to someone else. A process is therefore named
 * by its id and a *stamp* of when it started, and a name is alive only when both still hold.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const UNKNOWN_STAMP = 'unknown'

/** What tells this process from every other that had or will have its id. Only letters, digits and `-`. */
export type ProcessName = { readonly pid: number; readonly stamp: string }

/** The name of this process. */
export async function ownName(): Promise<ProcessName> {
  return { pid: process.pid, stamp: (await stampOf(process.pid)) ?? UNKNOWN_STAMP }
}

/** Whether the process of that name still runs. A process whose stamp can't be read is taken to be alive. */
export async function isAlive(name: ProcessName): Promise<boolean> {
  const stamp = await stampOf(name.pid)
  if (stamp === undefined) return false
  return stamp === name.stamp || stamp === UNKNOWN_STAMP || name.stamp === UNKNOWN_STAMP
}

/** Whether some process runs under this id now. A zombie, dead but not yet collected by its parent, doesn't count. */
export function isRunning(pid: number): boolean {
  const stat = process.platform === 'linux' ? linuxStat(pid) : undefined
  return stat?.running ?? hasEntry(pid)
}

/** Whether the system has an entry for this id: a process, somebody else's, a zombie. */
export function hasEntry(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a process, undefined when there is no such process or this user may not see it. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    return readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ')
  }
  if (process.platform === 'win32') {
    return powershell(`(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`)
  }
  return output('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
}

/** The ids of all processes whose command line holds the text. None on Windows, where nobody asks. */
export async function processesWith(text: string): Promise<readonly number[]> {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
    return pids.filter(pid => readText(`/proc/${pid}/cmdline`)?.includes(text)).map(Number)
  }
  if (process.platform === 'win32') return []
  const lines = (await output('ps', ['-A', '-ww', '-o', 'pid=,command=']))?.split('\n') ?? []
  return lines.filter(line => line.includes(text)).map(line => Number.parseInt(line, 10))
}

async function stampOf(pid: number): Promise<string | undefined> {
  if (!isRunning(pid)) return undefined
  if (process.platform === 'linux') {
    const started = linuxStat(pid)?.startedTicks
    // Ticks count from the boot, so the boot is part of the stamp.
    return started === undefined ? UNKNOWN_STAMP : `${started}b${bootId()}`
  }
  const started =
    process.platform === 'win32'
      ? await powershell(`(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`)
      : await output('ps', ['-o', 'lstart=', '-p', String(pid)])
  return started === undefined ? UNKNOWN_STAMP : started.replace(/[^A-Za-z0-9]/g, '') || UNKNOWN_STAMP
}

function linuxStat(pid: number): { running: boolean; startedTicks: string | undefined } | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The command's name stands in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { running: fields[0] !== 'Z' && fields[0] !== 'X', startedTicks: fields[19] }
}

function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? 'none'
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function powershell(script: string): Promise<string | undefined> {
  return output('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script])
}

function output(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
    execFile(command, args, { env, windowsHide: true }, (error, stdout) => {
      resolve(error === null ? stdout.trim() : undefined)
    })
  })
}
