import { GroundstationError } from '../errors.ts'
import { type CompiledFeed, compileFeed } from '../feed/compile.ts'
import { loadFeeds } from '../loader/load.ts'

/** The feeds of files, folders or names, ready to run. Raises DECLARATION_INVALID. */
export async function compiledFeeds(paths: readonly string[] | undefined, cwd: string): Promise<CompiledFeed[]> {
  return (await loadFeeds(paths, cwd)).map(({ declaration }) => compileFeed(declaration))
}

/** One feed, by its name in feeds/ or by its file. */
export async function compiledFeed(nameOrFile: string, cwd: string): Promise<CompiledFeed> {
  const [feed, another] = await compiledFeeds([nameOrFile], cwd)
  if (feed === undefined || another !== undefined)
    throw new GroundstationError('USAGE', `${nameOrFile} is not one feed: name it, or its file.`)
  return feed
}
