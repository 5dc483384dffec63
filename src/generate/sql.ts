import type { CompiledFeed } from '../feed/compile.ts'
import type { Relation } from '../feed/relation.ts'
import { schemaStatement, sequenceStatements, tableStatements, viewStatements } from '../store/ddl.ts'
import type { GeneratedFile } from './file.ts'

/** What the feeds make in their database: all tables first, for a view may be of several feeds' tables. */
export function sqlFiles(feeds: readonly CompiledFeed[]): GeneratedFile[] {
  const files = [
    { path: 'tables.sql', text: scriptOf(feeds, ofTables) },
    { path: 'views.sql', text: scriptOf(feeds, ofViews) },
  ]
  return files.filter(({ text }) => text !== '')
}

function scriptOf(feeds: readonly CompiledFeed[], statementsOf: (feed: CompiledFeed) => string[]): string {
  const parts = feeds.flatMap(feed => {
    const statements = statementsOf(feed).map(statement => `${statement};\n`)
    return statements.length === 0 ? [] : [`-- Of the feed ${feed.name}.\n`, ...statements]
  })
  return parts.join('\n')
}

const ofTables = ({ tables }: CompiledFeed): string[] => [
  ...schemasOf(tables),
  ...tables.flatMap(table => [...tableStatements(table), ...sequenceStatements(table)]),
]

function ofViews({ views }: CompiledFeed): string[] {
  if (views.length === 0) return []
  // Whatever the session's own way to find names is.
  const statements = views.flatMap(view => viewStatements(view))
  return [...schemasOf(views), 'set search_path = public', ...statements, 'reset search_path']
}

const schemasOf = (relations: readonly Relation[]): Set<string> =>
  new Set(relations.flatMap(({ schema }) => schemaStatement(schema) ?? []))
