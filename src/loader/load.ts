import { isAbsolute, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GroundstationError, messageOf } from '../errors.ts'
import { type CompiledFeed, compileFeed } from '../feed/compile.ts'
import { DECLARED, type DeclaredFeed, type FeedDeclaration } from '../feed/declare.ts'
import { namesIn } from '../feed/env.ts'
import { withoutClashes } from './clashes.ts'
import { findFeedFiles } from './find.ts'
import type { LoadedFeed } from './loaded.ts'
import { ENTRY, registerResolution } from './resolve.ts'

/** A setting that a declaration names; undefined where it isn't set. */
export type FindSetting = (name: string) => Promise<string | undefined>

/**
 * The feeds of files, folders or names; of the folder `feeds` where nothing is given. All are valid, and no two share a
 * name or a path; otherwise DECLARATION_INVALID with each file and its reason.
 */
export async function loadFeeds(
  paths: readonly string[] | undefined,
  cwd: string,
  find?: FindSetting,
): Promise<CompiledFeed[]> {
  return validFeeds(await readFeeds(paths, cwd, find))
}

/** What was loaded, where all of it is valid. */
export function validFeeds(loaded: readonly LoadedFeed[]): CompiledFeed[] {
  const errors = loaded.flatMap(one => (one.error === undefined ? [] : [one.error]))
  const [first] = errors
  if (errors.length === 1 && first !== undefined) throw first
  if (first !== undefined)
    throw new GroundstationError('DECLARATION_INVALID', errors.map(error => error.message).join('\n'))
  return loaded.flatMap(one => (one.compiled === undefined ? [] : [one.compiled]))
}

/** The same, with the faults of each feed beside it: for `check`, which tells them all. */
export async function readFeeds(
  paths: readonly string[] | undefined,
  cwd: string,
  find?: FindSetting,
): Promise<LoadedFeed[]> {
  const read = await readFiles(paths, cwd, find)
  return read.filter(({ isAsked }) => isAsked)
}

/** A feed of a file of which one was asked for. */
export type ReadFeed = LoadedFeed & { readonly isAsked: boolean }

/** What was asked for, and the others of the same files, in their order: a file's feeds may read each other's tables. */
export async function readFiles(
  paths: readonly string[] | undefined,
  cwd: string,
  find: FindSetting = async () => undefined,
): Promise<ReadFeed[]> {
  registerResolution()
  const { files, only, folders } = await findFeedFiles(paths, cwd)
  const loaded: Loaded[] = []
  for (const path of files) for (const feed of await readFile(path, cwd, find)) loaded.push({ path, feed })
  const asked = new Set(only === undefined ? loaded : chosen(loaded, only, folders))
  const opened = new Set([...asked].map(({ path }) => path))
  const others = loaded.filter(one => !asked.has(one) && opened.has(one.path))
  // Those that were asked for come first: where another has what one of them has, it is the other that is refused.
  const ordered = [...asked, ...others]
  const checked = withoutClashes(ordered.map(({ feed }) => feed))
  const read = new Map(ordered.map((one, index) => [one, checked[index]]))
  return loaded.flatMap(one => {
    const feed = read.get(one)
    return feed === undefined ? [] : [{ ...feed, isAsked: asked.has(one) }]
  })
}

type Loaded = { readonly path: string; readonly feed: LoadedFeed }

/** The feeds of a file: it has one, or a list of those that belong together. */
async function readFile(path: string, cwd: string, find: FindSetting): Promise<LoadedFeed[]> {
  const shown = relative(cwd, path)
  const file = shown.startsWith('..') || isAbsolute(shown) ? path : shown
  const fault = (reason: string, cause?: unknown): LoadedFeed => ({
    file,
    error: new GroundstationError('DECLARATION_INVALID', `${file}: ${reason}`, { cause, at: file }),
  })
  let exported: unknown
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default
  } catch (error) {
    return [fault(`can't be loaded: ${placeOf(error, path)}${messageOf(error)}${await hintOf(error)}`, error)]
  }
  const feeds: readonly unknown[] = Array.isArray(exported) ? exported : [exported]
  if (feeds.length === 0 || !feeds.every(isDeclared))
    return [
      fault("has no feed: its default export must be what defineFeed from 'groundstation' returns, or a list of it."),
    ]
  return Promise.all(
    feeds.map(async ({ declaration }): Promise<LoadedFeed> => {
      try {
        return { file, compiled: compileFeed(declaration, await settingsIn(declaration, find)) }
      } catch (error) {
        // A setting's own mistake is told as one.
        if (error instanceof GroundstationError && error.code === 'SETTING_INVALID') return { file, error }
        return fault(messageOf(error), error)
      }
    }),
  )
}

async function settingsIn(declaration: FeedDeclaration, find: FindSetting): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of [...namesIn(declaration.source), ...namesIn(declaration.alerts)]) {
    const text = await find(name)
    if (text !== undefined) found.set(name, text)
  }
  return found
}

function isDeclared(exported: unknown): exported is DeclaredFeed {
  return typeof exported === 'object' && exported !== null && DECLARED in exported
}

/** The import, where what lacks one is what feeds are declared with. */
async function hintOf(error: unknown): Promise<string> {
  const [, name] = (error instanceof ReferenceError && /^(\w+) is not defined$/.exec(error.message)) || []
  if (name === undefined || !Object.hasOwn(await import(ENTRY), name)) return ''
  return `: the file must begin with import { ${name} } from 'groundstation', and so for what else it takes from there`
}

/** The line in the feed's own file that an error's stack names. */
function placeOf(error: unknown, path: string): string {
  const { href } = pathToFileURL(path)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.indexOf(`${href}:`)
  const line = at === -1 ? undefined : /^\d+/.exec(stack.slice(at + href.length + 1))?.[0]
  return line === undefined ? '' : `line ${line}: `
}

/**
 * What was asked for by file, or by the feed's name. A file's own name stands for all its feeds where none of any file is
 * called so, and where it can't be loaded.
 */
function chosen(loaded: readonly Loaded[], only: ReadonlySet<string>, folders: ReadonlySet<string>): Loaded[] {
  const feeds = new Set(loaded.map(({ feed }) => feed.compiled?.name))
  const called = loaded.map(one => {
    const { path, feed } = one
    const name = fileNameOf(feed.file)
    return { one, names: [feed.compiled?.name ?? name, path, ...(feeds.has(name) ? [] : [name])] }
  })
  const unknown = [...only].find(one => !called.some(({ names }) => names.includes(one)))
  if (unknown !== undefined)
    throw new GroundstationError(
      'USAGE',
      `There is no feed ${unknown}: there are ${called.map(({ names }) => names[0]).join(', ')}.${folders.has(unknown) ? ` For the feeds in the folder ${unknown}: ./${unknown}` : ''}`,
    )
  return called.filter(({ names }) => names.some(name => only.has(name))).map(({ one }) => one)
}

const fileNameOf = (file: string) => file.replace(/^.*[/\\]/, '').replace(/\.[cm]?[jt]s$/, '')
