import { Script } from 'node:vm'

/**
 * A feed's own code runs on the engine's thread, for speed; this keeps a fold that loops or exits from taking the process
 * along. What it can't keep: one that allocates until the heap is full (docs/decisions/folding.md).
 */
const SLOT: unique symbol = Symbol.for('groundstation.guarded')
const script = new Script(`globalThis[Symbol.for('groundstation.guarded')]()`)

type Slot = { [SLOT]?: (() => void) | undefined }

/** Runs `work`; false where it took longer than `timeoutMs` and was stopped in the middle. */
export function runGuarded(work: () => void, timeoutMs: number): boolean {
  const slot = globalThis as Slot
  const exit = process.exit
  process.exit = ((): never => {
    throw new TypeError('a fold must not exit the process')
  }) as typeof process.exit
  slot[SLOT] = work
  try {
    script.runInThisContext({ timeout: timeoutMs })
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false
    throw error
  } finally {
    slot[SLOT] = undefined
    process.exit = exit
  }
}
