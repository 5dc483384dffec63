import { isAbsolute, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GroundstationError, messageOf } from '../errors.ts'
import { type CompiledFeed, compileFeed } from '../feed/compile.ts'
import { DECLARED, type DeclaredFeed, type FeedDeclaration } from '../feed/declare.ts'
import { namesIn } from '../feed/env.ts'
import { nameOf } from '../feed/relation.ts'
import { servedPaths } from '../feed/served.ts'
import { findFeedFiles } from './find.ts'
import { registerResolution } from './resolve.ts'

/** A setting that a declaration names; undefined where it isn't set. */
export type FindSetting = (name: string) => Promise<string | undefined>

/** A feed that was asked for: what its file declares, compiled, or why that isn't possible. */
export type LoadedFeed = { readonly file: string } & (
  | { readonly compiled: CompiledFeed; readonly error?: never }
  | { readonly error: GroundstationError; readonly compiled?: never }
)

/**
 * The feeds of files, folders or names; of the folder `feeds` where nothing is given. All are valid, and no two share a
 * name or a path; otherwise DECLARATION_INVALID with each file and its reason.
 */
export async function loadFeeds(
  paths: readonly string[] | undefined,
  cwd: string,
  find?: FindSetting,
): Promise<CompiledFeed[]> {
  const loaded = await readFeeds(paths, cwd, find)
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
  find: FindSetting = async () => undefined,
): Promise<LoadedFeed[]> {
  registerResolution()
  const { files, only } = await findFeedFiles(paths, cwd)
  const loaded: Loaded[] = []
  for (const path of files) for (const feed of await readFile(path, cwd, find)) loaded.push({ path, feed })
  const wanted = only === undefined ? loaded : chosen(loaded, only)
  return withoutClashes(wanted.map(({ feed }) => feed))
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
    return [fault(`can't be loaded: ${placeOf(error, path)}${messageOf(error)}`, error)]
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
function chosen(loaded: readonly Loaded[], only: ReadonlySet<string>): Loaded[] {
  const feeds = new Set(loaded.map(({ feed }) => feed.compiled?.name))
  const called = loaded.map(({ path, feed }) => {
    const name = fileNameOf(feed.file)
    return { path, feed, names: [feed.compiled?.name ?? name, path, ...(feeds.has(name) ? [] : [name])] }
  })
  const unknown = [...only].find(one => !called.some(({ names }) => names.includes(one)))
  if (unknown !== undefined)
    throw new GroundstationError(
      'USAGE',
      `There is no feed ${unknown}: there are ${called.map(({ names }) => names[0]).join(', ')}.`,
    )
  return called.filter(({ names }) => names.some(name => only.has(name)))
}

const fileNameOf = (file: string) => file.replace(/^.*[/\\]/, '').replace(/\.[cm]?[jt]s$/, '')

/** A second feed of a name or a path is refused, with the first one's file. */
function withoutClashes(loaded: LoadedFeed[]): LoadedFeed[] {
  const taken = new Map<string, string>()
  const streams = new Set(loaded.flatMap(one => one.compiled?.alerts.map(alert => alert.stream) ?? []))
  return loaded.map(one => {
    if (one.compiled === undefined) return one
    const { name, source } = one.compiled
    const read = servedPaths(one.compiled)
    const streamed = read.find(path => streams.has(path))
    if (streamed !== undefined) {
      const message = `${one.file}: is read at ${streamed}, where alerts are streamed.`
      return { file: one.file, error: new GroundstationError('DECLARATION_INVALID', message, { at: one.file }) }
    }
    // One feed may take posts and serve its state at one path.
    const paths = new Set([source.path, ...read].filter(path => path !== undefined))
    const views = one.compiled.views.map(view => `view ${nameOf(view)}`)
    for (const place of [`name ${name}`, ...[...paths].map(path => `path ${path}`), ...views]) {
      const first = taken.get(place)
      if (first !== undefined) {
        const message = `${one.file}: has the ${place}, which ${first} has already.`
        return { file: one.file, error: new GroundstationError('DECLARATION_INVALID', message, { at: one.file }) }
      }
      taken.set(place, one.file)
    }
    return one
  })
}
