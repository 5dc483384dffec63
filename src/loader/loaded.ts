import type { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'

/** A feed that was asked for: what its file declares, compiled, or why that isn't possible. */
export type LoadedFeed = { readonly file: string } & (
  | { readonly compiled: CompiledFeed; readonly error?: never }
  | { readonly error: GroundstationError; readonly compiled?: never }
)
