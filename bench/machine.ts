import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { BenchServer } from './database.ts'

export type Machine = { readonly [fact: string]: string }

export function describeMachine(server: BenchServer): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    postgresql: `${server.version}, ${server.settings}`,
  }
}
