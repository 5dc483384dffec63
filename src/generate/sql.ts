import type { CompiledFeed } from '../feed/compile.ts'
import { schemaStatement, sequenceStatements, tableStatements, viewStatements } from '../store/ddl.ts'
import type { GeneratedFile } from './file.ts'

/** What each feed makes in its database, in that order: schemas, tables, sequences, views. */
export const sqlFiles = (feeds: readonly CompiledFeed[]): GeneratedFile[] =>
  feeds.map(feed => ({ path: `${feed.name}.sql`, text: scriptOf(feed) }))

function scriptOf(feed: CompiledFeed): string {
  const schemas = new Set([...feed.tables, ...feed.views].flatMap(({ schema }) => schemaStatement(schema) ?? []))
  const statements = [
    ...schemas,
    ...feed.tables.flatMap(table => [...tableStatements(table), ...sequenceStatements(table)]),
  ]
  // Whatever the session's own way to find names is.
  const views = feed.views.flatMap(view => viewStatements(view))
  if (views.length > 0) statements.push('set search_path = public', ...views, 'reset search_path')
  return [`-- What the feed ${feed.name} makes in its database.\n`, ...statements.map(one => `${one};\n`)].join('\n')
}
