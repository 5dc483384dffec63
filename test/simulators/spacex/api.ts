import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type SimulateOptions, simulateSpacex } from '../../../simulators/spacex/index.ts'
import { captured } from '../../captures.ts'

export type Answered<Body> = { readonly status: number; readonly headers: Headers; readonly body: Body }

export type Api = {
  readonly url: string
  get<Body>(path: string, headers?: Record<string, string>): Promise<Answered<Body>>
  post<Body>(path: string, body: unknown): Promise<Answered<Body>>
  /** The data that GraphQL answers. */
  graphql<Data>(query: string, variables?: object): Promise<Data>
}

type Owner = Pick<TestContext, 'after'>

/** A simulated API, as a client meets it. */
export async function api(t: Owner, options: SimulateOptions): Promise<Api> {
  const { url, close } = await simulateSpacex(options)
  t.after(close)
  const ask = async <Body>(path: string, init: RequestInit): Promise<Answered<Body>> => {
    const response = await fetch(url + path, { redirect: 'manual', ...init })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : (text as Body) }
  }
  const post = <Body>(path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    return ask<Body>(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }
  return {
    url,
    get: (path, headers = {}) => ask(path, { headers }),
    post,
    graphql: async <Data>(query: string, variables: object = {}) => {
      const { body } = await post<{ data: Data; errors?: { message: string }[] }>('/graphql', { query, variables })
      if (body.errors !== undefined) throw new Error(body.errors.map(({ message }) => message).join())
      return body.data
    },
  }
}

export type Captures = { readonly folder: string; read<Value>(name: string): Promise<Value> }

/** Undefined, and the test skipped, where the captures aren't there. */
export function captures(t: TestContext): Captures | undefined {
  const rest = captured(t, 'spacex-rest/launches_2022-09.json')
  if (rest === undefined) return undefined
  const folder = join(rest, '../..')
  return { folder, read: async name => JSON.parse(await readFile(join(folder, name), 'utf8')) }
}

/** Of what these tests look at. */
export type Launch = {
  readonly id: string
  readonly name: string
  readonly flight_number: number
  readonly date_utc: string
  readonly upcoming: boolean
  readonly success: boolean | null
  readonly links: Readonly<Record<string, unknown>>
}

export type Page = {
  readonly docs: readonly Launch[]
  readonly totalDocs: number
  readonly page: number
  readonly totalPages: number
  readonly hasNextPage: boolean
  readonly nextPage: number | null
}
