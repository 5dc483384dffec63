import type { Client } from '../store.ts'
import { codeOf } from './problem.ts'

/** Whether `work` went well. What it did is undone where it ends with this SQLSTATE, or with any where none is given. */
export async function tries(client: Client, state: string | undefined, work: () => Promise<unknown>): Promise<boolean> {
  await client.query('savepoint try')
  try {
    await work()
    await client.query('release savepoint try')
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined || (state !== undefined && code !== state)) throw error
    await client.query('rollback to savepoint try')
    return false
  }
}
