import { GraphQLError, graphql } from 'graphql'
import type { Trouble } from '../faults/trouble.ts'
import type { Answer } from '../rest/routes.ts'
import type { Known } from '../story/story.ts'
import { found, type LaunchArguments, type Paging, part } from './launches.ts'
import { SCHEMA } from './schema.ts'

const FIELD_NULLED = 'Cannot read data: the upstream answered with nothing.'

/** What GraphQL answers: 200 with errors where a query ran into them, 400 where it couldn't be run at all. */
export async function answerGraphql(known: Known, body: unknown, trouble: Trouble): Promise<Answer> {
  const { query, variables, operationName } = (body ?? {}) as Record<string, unknown>
  if (typeof query !== 'string') return refused('A query is expected: {"query": "{ launches { id } }"}.')
  if (trouble.graphqlError === 'whole') return { document: { errors: [{ message: FIELD_NULLED }], data: null } }
  const { data, errors } = await graphql({
    schema: SCHEMA,
    source: query,
    rootValue: rootOf(known, trouble),
    variableValues: isObject(variables) ? variables : null,
    operationName: typeof operationName === 'string' ? operationName : null,
  })
  const document = { ...(errors && { errors }), ...(data !== undefined && { data }) }
  return data === undefined ? { status: 400, document } : { document }
}

function rootOf({ graphqlLaunches, rockets, missions }: Known, trouble: Trouble) {
  const past = graphqlLaunches.filter(({ upcoming }) => upcoming !== true)
  const upcoming = graphqlLaunches.filter(launch => launch.upcoming === true)
  const fields = {
    launches: (given: LaunchArguments) => part(found(graphqlLaunches, given), given, trouble),
    launchesPast: (given: LaunchArguments) => part(found(past, given), given, trouble),
    launchesUpcoming: (given: LaunchArguments) => part(found(upcoming, given), given, trouble),
    launchesPastResult: (given: LaunchArguments) => {
      const all = found(past, given)
      return { result: { totalCount: all.length }, data: part(all, given, trouble) }
    },
    launchLatest: () => past.reduce((latest, one) => (one.launch_date_utc > latest.launch_date_utc ? one : latest)),
    launch: ({ id }: { id: string }) => byId(graphqlLaunches, id),
    rockets: (given: Paging) => part(rockets, given, trouble),
    rocket: ({ id }: { id: string }) => byId(rockets, id),
    missions: ({ find, ...given }: Paging & { find?: { id?: string; name?: string } | null }) => {
      const fitting = missions.filter(({ id, name }) => (find?.id ?? id) === id && (find?.name ?? name) === name)
      return part(fitting, given, trouble)
    },
    mission: ({ id }: { id: string }) => byId(missions, id),
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, resolve]) => [name, (given: never) => troubled(trouble, () => resolve(given))]),
  )
}

/** A field that fails is null, with an error beside the other fields' data; one that is nulled has none. */
function troubled(trouble: Trouble, resolve: () => unknown): unknown {
  if (trouble.graphqlError === 'field') throw new GraphQLError(FIELD_NULLED)
  if (trouble.nulled === 'whole') return null
  const value = resolve()
  return trouble.nulled === 'item' && Array.isArray(value) ? value.with(-1, null) : value
}

const byId = <Item extends { readonly id: string }>(items: readonly Item[], id: string) =>
  items.find(item => item.id === id) ?? null

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const refused = (message: string): Answer => ({ status: 400, document: { errors: [{ message }] } })
