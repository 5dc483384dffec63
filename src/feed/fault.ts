import { GroundstationError } from '../errors.ts'

/** A mistake in a declaration, with its place: `tables.speed_change.columns.changeValue`. */
export type Fault = { readonly place: string; readonly message: string }

/** One error for all the faults of a declaration. */
export function declarationError(feed: string, faults: readonly Fault[]): GroundstationError {
  const lines = faults.map(({ place, message }) => `  ${place}: ${message}`)
  return new GroundstationError('DECLARATION_INVALID', `The feed ${feed} is not valid:\n${lines.join('\n')}`, {
    at: faults[0]?.place ?? '',
  })
}
