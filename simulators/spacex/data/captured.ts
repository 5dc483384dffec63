import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GroundstationError, messageOf } from '../../../src/errors.ts'
import type { GraphqlLaunch, Named, RestLaunch, SpacexData } from './document.ts'
import { missionsOf } from './mission.ts'

const REST = 'spacex-rest'
const GRAPHQL = 'spacex-graphql'

/**
 * What was captured of the real API: in `spacex-rest` the answers of `/v4/launches` (`launches….json`), `/rockets`, `/payloads`
 * and `/launchpads`; in `spacex-graphql`, where there is one, GraphQL's answer with its launches.
 */
export async function readCaptured(folder: string): Promise<SpacexData> {
  const rest = join(folder, REST)
  const launches = await readList<RestLaunch>(await fileOf(rest, /^launches.*\.json$/), ['id', 'name', 'date_utc'])
  const [rockets, payloads, launchpads] = await Promise.all(
    ['rockets', 'payloads', 'launchpads'].map(name => readList<Named>(join(rest, `${name}.json`), ['id', 'name'])),
  )
  const graphqlLaunches = await readGraphql(join(folder, GRAPHQL))
  return {
    launches,
    rockets: rockets ?? [],
    payloads: payloads ?? [],
    launchpads: launchpads ?? [],
    graphqlLaunches,
    missions: missionsOf(graphqlLaunches ?? []),
  }
}

async function readGraphql(folder: string): Promise<readonly GraphqlLaunch[] | undefined> {
  const file = await fileOf(folder, /\.json$/).catch(() => undefined)
  if (file === undefined) return undefined
  const launches = launchesIn(await readJson(file))
  return checked<GraphqlLaunch>(file, launches, ['id', 'mission_name', 'launch_date_utc'])
}

/** `{data: {launchesPastResult: {data: […]}}}`, or `{data: {launches: […]}}`. */
function launchesIn(answer: unknown): unknown {
  const data = fieldOf(answer, 'data')
  const root = ['launchesPastResult', 'launchesPast', 'launches'].map(name => fieldOf(data, name)).find(isThere)
  return Array.isArray(root) ? root : fieldOf(root, 'data')
}

const isThere = (value: unknown) => value !== undefined

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

async function fileOf(folder: string, pattern: RegExp): Promise<string> {
  const names = await readdir(folder).catch(error => unreadable(folder, error))
  const name = names.sort().find(one => pattern.test(one))
  if (name === undefined) throw new GroundstationError('FILE_UNREADABLE', `${folder} has no file ${pattern.source}.`)
  return join(folder, name)
}

async function readList<Item>(file: string, texts: readonly string[]): Promise<readonly Item[]> {
  return checked<Item>(file, await readJson(file), texts)
}

function checked<Item>(file: string, list: unknown, texts: readonly string[]): readonly Item[] {
  if (!Array.isArray(list)) throw new GroundstationError('FILE_UNREADABLE', `${file} has no list.`)
  for (const [index, item] of list.entries())
    for (const name of texts)
      if (typeof fieldOf(item, name) !== 'string')
        throw new GroundstationError('FILE_UNREADABLE', `${file}: item ${index} has no ${name}.`, { at: `/${index}` })
  return list as Item[]
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(error => unreadable(file, error))
  try {
    return JSON.parse(text)
  } catch (error) {
    return unreadable(file, error)
  }
}

function unreadable(path: string, error: unknown): never {
  throw new GroundstationError('FILE_UNREADABLE', `${path} can't be read: ${messageOf(error)}`, { cause: error })
}
