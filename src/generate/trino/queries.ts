import type { CompiledFeed } from '../../feed/compile.ts'
import { nameOf } from '../../feed/relation.ts'
import type { CompiledView } from '../../feed/view.ts'
import { qualified } from '../../store/names.ts'
import type { GeneratedFile } from '../file.ts'

/** A query for each view: as its feed says it in Trino's words, or what PostgreSQL makes of it. */
export const queryFiles = (feeds: readonly CompiledFeed[]): GeneratedFile[] =>
  feeds.flatMap(feed =>
    feed.views.map(view => ({
      path: `queries/${feed.name}/${nameOf(view)}.sql`,
      text: `-- ${nameOf(view)} of the feed ${feed.name}\n${queryOf(view)};\n`,
    })),
  )

const queryOf = (view: CompiledView): string => view.trino ?? `select * from postgresql.${qualified(view)}`
