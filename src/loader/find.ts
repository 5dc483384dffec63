import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GroundstationError } from '../errors.ts'

/** Where feeds are unless told otherwise. */
export const FEEDS_FOLDER = 'feeds'

const FEED_FILE = /(?<!\.d|\.test)\.(ts|mts|js|mjs)$/

/** What was asked for: files to load, and which of them by name; `only` undefined means all. `folders`: names that are a folder's as well. */
export type Found = {
  readonly files: readonly string[]
  readonly only: ReadonlySet<string> | undefined
  readonly folders: ReadonlySet<string>
}

/** Finds the files behind files, folders and names of feeds; the folder `feeds` where nothing is given. */
export async function findFeedFiles(given: readonly string[] | undefined, cwd: string): Promise<Found> {
  if (given === undefined || given.length === 0)
    return { files: await defaultFiles(cwd), only: undefined, folders: new Set() }
  const files: string[] = []
  const names: string[] = []
  const folders = new Set<string>()
  for (const one of given) {
    const path = resolve(cwd, one)
    const found = await stat(path).catch(() => undefined)
    // One word is the name of a feed in feeds/, also where a folder is called so.
    if (found?.isFile()) files.push(path)
    else if (isName(one) && (found === undefined || one !== FEEDS_FOLDER)) {
      names.push(one)
      if (found?.isDirectory()) folders.add(one)
    } else if (found?.isDirectory()) files.push(...(await filesIn(path)))
    else throw invalid(`${one}: there is no such file or folder.`)
  }
  if (names.length === 0) return { files: [...new Set(files)], only: undefined, folders }
  const known = await defaultFiles(cwd)
  return { files: [...new Set([...files, ...known])], only: new Set([...names, ...files]), folders }
}

const isName = (text: string) => /^[a-z][a-z0-9-]*$/.test(text)

async function defaultFiles(cwd: string): Promise<string[]> {
  const folder = join(cwd, FEEDS_FOLDER)
  const found = await stat(folder).catch(() => undefined)
  if (!found?.isDirectory())
    throw invalid(`There is no folder ${FEEDS_FOLDER} in ${cwd}: name the feeds' files, or change to their folder.`)
  return filesIn(folder)
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && FEED_FILE.test(entry.name)).map(entry => entry.name)
  if (files.length === 0) throw invalid(`${folder} has no feeds: a feed is a .ts file with a default export.`)
  return files.sort().map(name => join(folder, name))
}

function invalid(message: string): GroundstationError {
  return new GroundstationError('DECLARATION_INVALID', message)
}
