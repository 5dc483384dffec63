import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Handlers } from './serve.ts'

export type Process<Methods extends Handlers> = {
  readonly pid: number
  call<Name extends keyof Methods & string>(
    name: Name,
    argument: Parameters<Methods[Name]>[0],
  ): Promise<Awaited<ReturnType<Methods[Name]>>>
  stop(): Promise<void>
}

type Pending = { resolve(result: unknown): void; reject(error: Error): void }

/** Starts one of the files beside this one in a process of its own, so that measured and measuring don't share a heap. */
export async function startProcess<Methods extends Handlers>(
  name: string,
  flags: readonly string[] = [],
): Promise<Process<Methods>> {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const child = fork(file, [], { serialization: 'advanced', execArgv: [...process.execArgv, ...flags] })
  const pending = new Map<number, Pending>()
  child.on('message', (answer: Answer) => {
    const waiting = pending.get(answer.id)
    pending.delete(answer.id)
    if (answer.error === undefined) waiting?.resolve(answer.result)
    else waiting?.reject(new Error(`${name}: ${answer.error}`))
  })
  child.on('exit', (code, signal) => {
    for (const waiting of pending.values()) waiting.reject(new Error(`${name} ended: ${signal ?? code}`))
  })
  let calls = 0
  const call = (method: string, argument: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      calls += 1
      pending.set(calls, { resolve, reject })
      child.send({ id: calls, name: method, argument })
    })
  await once(child, 'message')
  return { pid: child.pid ?? 0, call: call as Process<Methods>['call'], stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.disconnect()
  await exit
}
