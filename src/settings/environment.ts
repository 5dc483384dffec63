import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { GroundstationError, messageOf } from '../errors.ts'

/** A setting's text, and where it was found, in words for an error. */
export type Found = { readonly text: string; readonly from: string }

/** What the process was given: flags win over the environment, the environment over `.env`. */
export type Environment = {
  /** A setting by name, from `NAME` or from the file that `NAME_FILE` names. An empty text is no setting. */
  find(name: string): Promise<Found | undefined>
}

type Values = Readonly<Record<string, string | undefined>>
type Place = { readonly values: Values; readonly from: string }

/** Reads `.env` in the folder, where there is one. */
export async function readEnvironment(env: Values, cwd: string): Promise<Environment> {
  const places: Place[] = [
    { values: env, from: 'the environment' },
    { values: await readDotEnv(join(cwd, '.env')), from: '.env' },
  ]
  return {
    find: async name => {
      for (const place of places) {
        const found = await findIn(place, name, cwd)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

async function readDotEnv(path: string): Promise<Values> {
  try {
    return parseEnv(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new GroundstationError('FILE_UNREADABLE', `${path} can't be read: ${messageOf(error)}`, { cause: error })
  }
}

async function findIn({ values, from }: Place, name: string, cwd: string): Promise<Found | undefined> {
  const text = values[name]?.trim()
  const file = values[`${name}_FILE`]?.trim()
  if (text && file)
    throw new GroundstationError('SETTING_INVALID', `${name} and ${name}_FILE are both set in ${from}: keep one.`)
  if (text) return { text, from }
  if (!file) return undefined
  try {
    return { text: (await readFile(resolve(cwd, file), 'utf8')).trim(), from: `the file ${file}` }
  } catch (error) {
    throw new GroundstationError(
      'SETTING_INVALID',
      `${name}_FILE is '${file}' in ${from}: expected a file that can be read (${messageOf(error)}).`,
      { cause: error },
    )
  }
}
