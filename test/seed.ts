/**
 * Chance that can be repeated: PROPERTY_SEED (and PROPERTY_PATH) in the environment take a failed run up again, and a
 * failure prints the command that does.
 */
import { relative } from 'node:path'
import type { TestContext } from 'node:test'
import fc from 'fast-check'

const { PROPERTY_SEED, PROPERTY_PATH } = process.env

/** Checks a property for as many runs. `file` is the test's own: `import.meta.filename`. */
export async function check<Values>(file: string, property: fc.IRawProperty<Values>, numRuns = 100): Promise<void> {
  const details = await fc.check(property, {
    numRuns,
    ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH }),
  })
  if (!details.failed) return
  const repeat = command(file, `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath}`)
  throw new Error(`Repeat with: ${repeat}\n${fc.defaultReportMessage(details)}`)
}

/** A seed for a test that makes its own chance; told, with the command, where the test fails. */
export function seedOf(t: TestContext, file: string): number {
  const seed = PROPERTY_SEED ? Number(PROPERTY_SEED) : Math.floor(Math.random() * 2 ** 31)
  t.after(() => {
    // Node has it from 21.7 on; its types don't.
    if (!(t as TestContext & { passed?: boolean }).passed)
      t.diagnostic(`Repeat with: ${command(file, `PROPERTY_SEED=${seed}`)}`)
  })
  return seed
}

const command = (file: string, settings: string) => `${settings} npx node --test ${relative(process.cwd(), file)}`
