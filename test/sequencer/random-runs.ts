import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Random runs that can be repeated: PROPERTY_SEED (and PROPERTY_PATH) in the environment take a failed run up again,
 * and a failure prints the command that does. `file` is the test's `import.meta.url`.
 */
export async function check<Values extends [unknown, ...unknown[]]>(
  file: string,
  property: fc.IProperty<Values> | fc.IAsyncProperty<Values>,
  numRuns: number,
): Promise<void> {
  const { PROPERTY_SEED, PROPERTY_PATH } = process.env
  const details = await fc.check(property as fc.IRawProperty<Values>, {
    numRuns,
    ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH }),
  })
  if (!details.failed) return
  const test = relative(ROOT, fileURLToPath(file))
  const repeat = `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath} npx node --test ${test}`
  throw new Error(`Seed ${details.seed}. Repeat with: ${repeat}\n${fc.defaultReportMessage(details)}`)
}
