import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'

/** CPU time since a moment: of the whole machine, and of some processes where the system tells it. */
export type Cost = {
  readonly machineSeconds: number
  readonly processSeconds: number | undefined
  readonly brokerSeconds: number | undefined
  readonly seconds: number
}

/** Starts to count; the function that it gives tells what it came to. `broker`: its process, where there is one. */
export async function startCost(pid: number, broker?: number): Promise<() => Promise<Cost>> {
  const [own, brokers] = [await meter(pid), await meter(broker)]
  const before = { machine: machineSeconds(), atMs: performance.now() }
  return async () => ({
    machineSeconds: machineSeconds() - before.machine,
    processSeconds: await own(),
    brokerSeconds: await brokers(),
    seconds: (performance.now() - before.atMs) / 1000,
  })
}

/** Where the time goes: the process, all others (database, client, whatever else runs), and how full the cores were. */
export function describeCost({ machineSeconds, processSeconds, brokerSeconds, seconds }: Cost, count: number): string {
  const each = (spent: number): string => `${((spent / count) * 1e6).toFixed(1)} µs`
  const full = `${((machineSeconds / seconds / availableParallelism()) * 100).toFixed(0)}% of the cores`
  if (processSeconds === undefined) return `${each(machineSeconds)} of CPU each in all, ${full}`
  const brokers = brokerSeconds === undefined ? '' : `${each(brokerSeconds)} in the broker, `
  const rest = machineSeconds - processSeconds - (brokerSeconds ?? 0)
  return `CPU each: ${each(processSeconds)} in its process, ${brokers}${each(rest)} elsewhere; ${full}`
}

async function meter(pid: number | undefined): Promise<() => Promise<number | undefined>> {
  if (pid === undefined) return async () => undefined
  const before = await processSeconds(pid)
  return async () => {
    const after = await processSeconds(pid)
    return after === undefined || before === undefined ? undefined : after - before
  }
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
