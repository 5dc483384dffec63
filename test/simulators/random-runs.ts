import fc from 'fast-check'

/**
 * Random runs that can be repeated: PROPERTY_SEED (and PROPERTY_PATH) in the environment take a failed run up again,
 * and a failure prints the command that does.
 */
export function check<Values extends [unknown, ...unknown[]]>(
  file: string,
  property: fc.IProperty<Values>,
  numRuns = 60,
): void {
  const { PROPERTY_SEED, PROPERTY_PATH } = process.env
  const details = fc.check(property, {
    numRuns,
    ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH }),
  })
  if (!details.failed) return
  const repeat = `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath} npx node --test test/simulators/${file}`
  throw new Error(`Seed ${details.seed}. Repeat with: ${repeat}\n${fc.defaultReportMessage(details)}`)
}

/** Traffic options over which every promise of the simulator should hold. */
export const traffic = fc.record({
  seed: fc.nat(),
  rockets: fc.integer({ min: 1, max: 12 }),
  maxMessages: fc.integer({ min: 1, max: 400 }),
  duplicates: fc.double({ min: 0, max: 1, noNaN: true }),
  repeatWithin: fc.integer({ min: 1, max: 50 }),
  disorder: fc.integer({ min: 0, max: 60 }),
  gaps: fc.double({ min: 0, max: 0.5, noNaN: true }),
  lateGaps: fc.double({ min: 0, max: 0.5, noNaN: true }),
  lateMax: fc.integer({ min: 0, max: 30 }),
  invalid: fc.double({ min: 0, max: 0.5, noNaN: true }),
})
