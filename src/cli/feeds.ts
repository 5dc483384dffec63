import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { type LoadedFeed, loadFeeds, readFeeds } from '../loader/load.ts'
import { readEnvironment } from '../settings/environment.ts'
import type { Context } from './context.ts'

/** The feeds of files, folders or names, ready to run. Raises DECLARATION_INVALID. */
export async function compiledFeeds(paths: readonly string[] | undefined, context: Context): Promise<CompiledFeed[]> {
  return loadFeeds(paths, context.cwd, await finderOf(context))
}

/** The same, with the faults of each beside it. */
export async function declaredFeeds(paths: readonly string[] | undefined, context: Context): Promise<LoadedFeed[]> {
  return readFeeds(paths, context.cwd, await finderOf(context))
}

/** One feed, by its name in feeds/ or by its file. */
export async function compiledFeed(nameOrFile: string, context: Context): Promise<CompiledFeed> {
  const [feed, another] = await compiledFeeds([nameOrFile], context)
  if (feed === undefined || another !== undefined)
    throw new GroundstationError('USAGE', `${nameOrFile} is not one feed: name it, or its file.`)
  return feed
}

async function finderOf({ env, cwd }: Context) {
  const environment = await readEnvironment(env, cwd)
  return async (name: string) => (await environment.find(name))?.text
}
