import type { FeedDeclaration } from './declare.ts'
import type { Fault } from './fault.ts'
import type { CompiledTable } from './table.ts'

/** Headers of a post that columns ask for, in small letters, each once. */
export const headersNamed = (tables: readonly CompiledTable[]): readonly string[] => [
  ...new Set(tables.flatMap(({ columns }) => columns.flatMap(({ fact }) => fact?.header ?? []))),
]

/** A header is kept with an event that goes from its post to the record, and not with one that waits in between. */
export function headerFaults({ source, identity }: FeedDeclaration, tables: readonly CompiledTable[]): Fault[] {
  const isDirect = source?.kind === 'http' && source.topic === undefined && !('sequence' in identity)
  return tables.flatMap(({ name, key, columns }) =>
    columns.flatMap(({ name: column, shown, fact }) => {
      if (fact?.header === undefined) return []
      const place = `tables.${name}.columns.${shown}`
      const faults: Fault[] = []
      if (!isDirect)
        faults.push({ place, message: 'headers are there of posts to a feed without a topic and without a sequence' })
      if (key.includes(column)) faults.push({ place, message: "a header may be missing, and can't be in a key" })
      return faults
    }),
  )
}
