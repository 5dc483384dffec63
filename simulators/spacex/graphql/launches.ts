import type { GraphqlLaunch } from '../data/document.ts'
import { sorted } from '../rest/sort.ts'

export type Paging = { readonly limit?: number | null; readonly offset?: number | null }

export type LaunchArguments = Paging & {
  readonly find?: Readonly<Record<string, string | null>> | null
  readonly order?: string | null
  readonly sort?: string | null
}

export type PagingTrouble = { readonly isEndless: boolean; readonly isSame: boolean; readonly isDropped: boolean }

/** Those that fit `find`, by `sort` and `order`; without a `sort` in the order of the capture. */
export function found(launches: readonly GraphqlLaunch[], { find, sort, order }: LaunchArguments) {
  const fitting = launches.filter(launch =>
    Object.entries(find ?? {}).every(([name, value]) => fits(launch, name, value)),
  )
  return sort ? sorted(fitting, { [sort]: order ?? 'asc' }) : fitting
}

/**
 * A part of a list. One that never ends begins again after its last; one that stays the same begins with the first always; of
 * one that is dropped the second half is missing.
 */
export function part<Item>(items: readonly Item[], { limit, offset }: Paging, trouble: PagingTrouble): readonly Item[] {
  const skipped = Math.max(0, offset ?? 0)
  const from = trouble.isSame ? 0 : trouble.isEndless && items.length > 0 ? skipped % items.length : skipped
  const asked = items.slice(from, limit ? from + Math.max(0, limit) : undefined)
  return trouble.isDropped ? asked.slice(0, asked.length >> 1) : asked
}

function fits(launch: GraphqlLaunch, name: string, value: string | null): boolean {
  if (value === null) return true
  if (name === 'mission_id') return launch.mission_id.includes(value)
  const rocket = launch.rocket as { rocket?: { id?: string } | null; rocket_name?: string } | undefined
  if (name === 'rocket_id') return rocket?.rocket?.id === value
  if (name === 'rocket_name') return rocket?.rocket_name === value
  return String(launch[name]) === value
}
