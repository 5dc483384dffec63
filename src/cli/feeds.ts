import { GroundstationError } from '../errors.ts'
import type { CompiledFeed } from '../feed/compile.ts'
import { loadFeeds, type ReadFeed, readFeeds, readFiles, validFeeds } from '../loader/load.ts'
import type { LoadedFeed } from '../loader/loaded.ts'
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

/** The same, with the others of their files. */
export async function declaredFiles(paths: readonly string[] | undefined, context: Context): Promise<ReadFeed[]> {
  return readFiles(paths, context.cwd, await finderOf(context))
}

/** One feed, by its name in feeds/ or by its file. */
export async function compiledFeed(nameOrFile: string, context: Context): Promise<CompiledFeed> {
  return onlyOne(await compiledFeeds([nameOrFile], context), nameOrFile)
}

/** Feeds to be started, and what is to be there for them. */
export type FeedsToStart = {
  readonly feeds: readonly CompiledFeed[]
  /** With the others of the same files, in their order: a file's feeds may read each other's tables. */
  readonly made: readonly CompiledFeed[]
  /** The others. */
  readonly beside: readonly ReadFeed[]
}

/** The feeds of files, folders or names, with what is made beside them. Raises DECLARATION_INVALID. */
export async function feedsToStart(paths: readonly string[] | undefined, context: Context): Promise<FeedsToStart> {
  const read = await declaredFiles(paths, context)
  return {
    feeds: validFeeds(read.filter(({ isAsked }) => isAsked)),
    made: read.flatMap(({ compiled }) => compiled ?? []),
    beside: read.filter(({ isAsked }) => !isAsked),
  }
}

/** One feed, by its name in feeds/ or by its file, with what is made beside it. */
export async function feedToStart(
  nameOrFile: string,
  context: Context,
): Promise<FeedsToStart & { readonly feed: CompiledFeed }> {
  const declared = await feedsToStart([nameOrFile], context)
  return { ...declared, feed: onlyOne(declared.feeds, nameOrFile) }
}

function onlyOne([feed, another]: readonly CompiledFeed[], nameOrFile: string): CompiledFeed {
  if (feed === undefined || another !== undefined)
    throw new GroundstationError('USAGE', `${nameOrFile} is not one feed: name it, or its file.`)
  return feed
}

async function finderOf({ env, cwd }: Context) {
  const environment = await readEnvironment(env, cwd)
  return async (name: string) => (await environment.find(name))?.text
}
