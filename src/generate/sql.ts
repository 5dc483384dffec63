import type { CompiledFeed } from '../feed/compile.ts'
import { schemaStatement, sequenceStatements, tableStatements } from '../store/ddl.ts'
import type { GeneratedFile } from './file.ts'

/** What each feed makes in its database, in that order: schemas, tables, sequences. */
export const sqlFiles = (feeds: readonly CompiledFeed[]): GeneratedFile[] =>
  feeds.map(feed => ({ path: `${feed.name}.sql`, text: scriptOf(feed) }))

function scriptOf(feed: CompiledFeed): string {
  const schemas = new Set(feed.tables.flatMap(({ schema }) => schemaStatement(schema) ?? []))
  const statements = [
    ...schemas,
    ...feed.tables.flatMap(table => [...tableStatements(table), ...sequenceStatements(table)]),
  ]
  return [`-- What the feed ${feed.name} makes in its database.\n`, ...statements.map(one => `${one};\n`)].join('\n')
}
