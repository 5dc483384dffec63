import type { Collections, GraphqlLaunch, Mission, RestLaunch, SpacexData } from '../data/document.ts'
import { fromRest, graphqlLaunchAt, matchOf, type Places } from './graphql-launch.ts'
import { momentsOf, type Plan, planOf } from './plan.ts'
import { restLaunchAt } from './rest-launch.ts'

/** What is known at a moment. Launches come, move and get their results; rockets, payloads and launchpads are always the same. */
export type Known = Collections & {
  readonly graphqlLaunches: readonly GraphqlLaunch[]
  readonly missions: readonly Mission[]
  /** When the launches last changed. */
  readonly changedMs: number
  /** When one last changed; the beginning for what never does. */
  changedMsOf(id: string): number
}

export type Story = {
  at(ms: number): Known
  /** The first change, the last, and the one after a moment; undefined after the last. */
  readonly beginMs: number
  readonly endMs: number
  nextMs(ms: number): number | undefined
}

export function storyOf(data: SpacexData, seed: number): Story {
  const told = data.launches.map(launch => ({ launch, plan: planOf(launch, seed) }))
  const moments = [...new Set(told.flatMap(({ plan }) => momentsOf(plan)))].sort((a, b) => a - b)
  const beginMs = moments[0] ?? 0
  const plans = new Map(told.map(({ launch, plan }) => [launch.id, plan]))
  const graphqlAt = graphqlOf(data, plans)
  const tell = (ms: number): Known => {
    const launches = told.map(({ launch, plan }) => restLaunchAt(launch, plan, ms)).filter(one => one !== undefined)
    return {
      ...data,
      launches,
      graphqlLaunches: graphqlAt(launches, ms),
      changedMs: ms,
      changedMsOf: id => {
        const plan = plans.get(id)
        return (plan && lastBefore(momentsOf(plan).toSorted(ascending), ms)) ?? beginMs
      },
    }
  }
  let last: Known | undefined
  return {
    beginMs,
    endMs: moments.at(-1) ?? 0,
    nextMs: ms => moments.find(moment => moment > ms),
    at: ms => {
      const changedMs = lastBefore(moments, ms) ?? beginMs - BEFORE_MS
      // Between two changes nothing has to be told again.
      if (last?.changedMs !== changedMs) last = tell(changedMs)
      return last
    },
  }
}

/** An empty list is older than the first launch. */
const BEFORE_MS = 1_000
const ascending = (a: number, b: number) => a - b

/** The last of ascending moments that isn't after `ms`. */
function lastBefore(moments: readonly number[], ms: number): number | undefined {
  let low = 0
  let high = moments.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((moments[middle] ?? Number.POSITIVE_INFINITY) <= ms) low = middle + 1
    else high = middle
  }
  return moments[low - 1]
}

type AtMoment = (launches: readonly RestLaunch[], ms: number) => readonly GraphqlLaunch[]

/** GraphQL's launches are those that were captured from it, or else all of REST. */
function graphqlOf({ launches, graphqlLaunches, rockets, launchpads }: SpacexData, plans: Map<string, Plan>): AtMoment {
  const places: Places = { rockets: byId(rockets), launchpads: byId(launchpads) }
  if (graphqlLaunches === undefined) return known => known.map(launch => fromRest(launch, places))
  const match = matchOf(launches)
  return (known, ms) => {
    const there = byId(known)
    return graphqlLaunches.flatMap(captured => {
      const matched = match(captured)
      // One that REST doesn't have has no story: it is there, as it was captured.
      if (matched === undefined) return [captured]
      const launch = there.get(matched.id)
      const plan = plans.get(matched.id)
      return launch === undefined || plan === undefined
        ? []
        : [graphqlLaunchAt(captured, fromRest(launch, places), plan, ms)]
    })
  }
}

const byId = <Item extends { readonly id: string }>(items: readonly Item[]) =>
  new Map(items.map(item => [item.id, item]))
