import type { BenchServer } from './database.ts'
import type { Figure } from './figure.ts'
import type { Options } from './options.ts'

/** What a figure is measured with. */
export type Bench = {
  readonly options: Options
  readonly server: BenchServer
  /** A database in which the rockets are declared, and which has no row: what every measurement starts from. */
  readonly blank: string
  say(message: string): void
}

export type Measurement = (bench: Bench) => Promise<Figure[]>

export const thousands = (value: number): string => Math.round(value).toLocaleString('en-US')

/** A figure whose rows aren't all there says nothing. */
export function assertSame(what: string, found: unknown, expected: number): void {
  if (Number(found) !== expected)
    throw new Error(
      `void: ${what} is ${thousands(Number(found))} at the destination, and should be ${thousands(expected)}`,
    )
}
