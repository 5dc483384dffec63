import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'

/** CPU time since a moment: of the whole machine, and of one process where the system tells it. */
export type Cost = {
  readonly machineSeconds: number
  readonly processSeconds: number | undefined
  readonly seconds: number
}

/** Starts to count; the function that it gives tells what it came to. */
export async function startCost(pid: number): Promise<() => Promise<Cost>> {
  const before = { machine: machineSeconds(), process: await processSeconds(pid), atMs: performance.now() }
  return async () => {
    const after = await processSeconds(pid)
    return {
      machineSeconds: machineSeconds() - before.machine,
      processSeconds: after === undefined || before.process === undefined ? undefined : after - before.process,
      seconds: (performance.now() - before.atMs) / 1000,
    }
  }
}

/** Where the time goes: the process, all others (database, client, whatever else runs), and how full the cores were. */
export function describeCost({ machineSeconds, processSeconds, seconds }: Cost, count: number): string {
  const each = (spent: number): string => `${((spent / count) * 1e6).toFixed(1)} µs`
  const full = `${((machineSeconds / seconds / availableParallelism()) * 100).toFixed(0)}% of the cores`
  if (processSeconds === undefined) return `${each(machineSeconds)} of CPU each in all, ${full}`
  return `CPU each: ${each(processSeconds)} in its process, ${each(machineSeconds - processSeconds)} elsewhere; ${full}`
}

function machineSeconds(): number {
  const busy = cpus().map(({ times }) => times.user + times.nice + times.sys + times.irq)
  return busy.reduce((sum, ms) => sum + ms, 0) / 1000
}

/** From /proc, whose clock ticks a hundred times a second. */
async function processSeconds(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
