import { isAbsolute, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GroundstationError, messageOf } from '../errors.ts'
import { type CompiledFeed, compileFeed } from '../feed/compile.ts'
import { DECLARED, type DeclaredFeed } from '../feed/declare.ts'
import { findFeedFiles } from './find.ts'
import { registerResolution } from './resolve.ts'

/** A feed that was asked for: what its file declares, compiled, or why that isn't possible. */
export type LoadedFeed = { readonly file: string } & (
  | { readonly feed: DeclaredFeed; readonly compiled: CompiledFeed; readonly error?: never }
  | { readonly error: GroundstationError; readonly feed?: never; readonly compiled?: never }
)

/**
 * The feeds of files, folders or names; of the folder `feeds` where nothing is given. All are valid, and no two share a
 * name or a path; otherwise DECLARATION_INVALID with each file and its reason.
 */
export async function loadFeeds(paths: readonly string[] | undefined, cwd: string): Promise<DeclaredFeed[]> {
  const loaded = await readFeeds(paths, cwd)
  const errors = loaded.flatMap(one => (one.error === undefined ? [] : [one.error]))
  const [first] = errors
  if (errors.length === 1 && first !== undefined) throw first
  if (first !== undefined)
    throw new GroundstationError('DECLARATION_INVALID', errors.map(error => error.message).join('\n'))
  return loaded.flatMap(one => (one.feed === undefined ? [] : [one.feed]))
}

/** The same, with the faults of each feed beside it: for `check`, which tells them all. */
export async function readFeeds(paths: readonly string[] | undefined, cwd: string): Promise<LoadedFeed[]> {
  registerResolution()
  const { files, only } = await findFeedFiles(paths, cwd)
  const loaded: LoadedFeed[] = []
  for (const file of files) loaded.push(await readFeed(file, cwd))
  const wanted = only === undefined ? loaded : chosen(loaded, files, only)
  return withoutClashes(wanted)
}

async function readFeed(path: string, cwd: string): Promise<LoadedFeed> {
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
    return fault(`can't be loaded: ${placeOf(error, path)}${messageOf(error)}`, error)
  }
  if (!isDeclared(exported))
    return fault("has no feed: its default export must be what defineFeed from 'groundstation' returns.")
  try {
    return { file, feed: exported, compiled: compileFeed(exported.declaration) }
  } catch (error) {
    return fault(messageOf(error), error)
  }
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

/** What was asked for by file, or by the feed's name; a file may be called by its name when it can't be loaded. */
function chosen(loaded: LoadedFeed[], files: readonly string[], only: ReadonlySet<string>): LoadedFeed[] {
  const names = loaded.map(one => one.compiled?.name ?? fileNameOf(one.file))
  const unknown = [...only].find(one => !names.includes(one) && !files.includes(one))
  if (unknown !== undefined)
    throw new GroundstationError('USAGE', `There is no feed ${unknown}: there are ${names.join(', ')}.`)
  return loaded.filter((_, index) => only.has(names[index] ?? '') || only.has(files[index] ?? ''))
}

const fileNameOf = (file: string) => file.replace(/^.*[/\\]/, '').replace(/\.[cm]?[jt]s$/, '')

/** A second feed of a name or a path is refused, with the first one's file. */
function withoutClashes(loaded: LoadedFeed[]): LoadedFeed[] {
  const taken = new Map<string, string>()
  return loaded.map(one => {
    if (one.compiled === undefined) return one
    const { name, source, state } = one.compiled
    // One feed may take posts and serve its state at one path.
    const paths = new Set([source.path, state?.path].filter(path => path !== undefined))
    for (const place of [`name ${name}`, ...[...paths].map(path => `path ${path}`)]) {
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
