import type { GraphqlLaunch, Named, RestLaunch } from '../data/document.ts'
import type { Plan } from './plan.ts'
import { aheadMs } from './rest-launch.ts'

export type Places = {
  readonly rockets: ReadonlyMap<string, Named>
  readonly launchpads: ReadonlyMap<string, Named>
}

/** A launch of REST with the names that GraphQL has for its fields. What REST doesn't know (its missions) is empty or null. */
export function fromRest(launch: RestLaunch, { rockets, launchpads }: Places): GraphqlLaunch {
  const rocket = rockets.get(launch.rocket)
  const launchpad = launchpads.get(launch.launchpad)
  const { links } = launch
  return {
    id: launch.id,
    mission_id: [],
    mission_name: launch.name,
    details: launch.details,
    is_tentative: launch.date_precision !== 'hour',
    tentative_max_precision: launch.date_precision,
    launch_date_utc: launch.date_utc,
    launch_date_local: launch.date_local,
    launch_date_unix: launch.date_unix,
    launch_year: launch.date_utc.slice(0, 4),
    launch_success: launch.success,
    upcoming: launch.upcoming,
    static_fire_date_utc: launch.static_fire_date_utc,
    static_fire_date_unix: launch.static_fire_date_unix,
    rocket: { rocket: rocket ?? null, rocket_name: rocket?.name ?? null, rocket_type: rocket?.type ?? null },
    launch_site: {
      site_id: launch.launchpad,
      site_name: launchpad?.name ?? null,
      site_name_long: launchpad?.full_name ?? null,
    },
    telemetry: { flight_club: null },
    links: {
      article_link: links.article,
      flickr_images: links.flickr.original,
      mission_patch: links.patch.large,
      mission_patch_small: links.patch.small,
      presskit: links.presskit,
      reddit_campaign: links.reddit.campaign,
      reddit_launch: links.reddit.launch,
      reddit_media: links.reddit.media,
      reddit_recovery: links.reddit.recovery,
      video_link: links.webcast,
      wikipedia: links.wikipedia,
    },
  }
}

/** Of what was captured each field as it is, and what it lacks from REST, as both were at a moment. */
export function graphqlLaunchAt(captured: GraphqlLaunch, mapped: GraphqlLaunch, plan: Plan, ms: number): GraphqlLaunch {
  const known = { ...captured, ...(ms < plan.resultMs && { launch_success: null, details: null }) }
  const links = { ...captured.links, ...(ms < plan.coverageMs && { article_link: null, flickr_images: [] }) }
  const launchMs = Date.parse(captured.launch_date_utc) - aheadMs(plan, ms)
  return {
    ...mapped,
    ...known,
    launch_date_utc: new Date(launchMs).toISOString(),
    launch_date_unix: Math.floor(launchMs / 1_000),
    launch_year: new Date(launchMs).toISOString().slice(0, 4),
    rocket: merged(mapped.rocket, captured.rocket),
    launch_site: merged(mapped.launch_site, captured.launch_site),
    links: merged(mapped.links, links),
  }
}

function merged(below: unknown, above: unknown): Record<string, unknown> {
  return { ...(below as object | undefined), ...(above as object | undefined) }
}

/** The launch of REST that a captured one is: that of its name, or else of its flight number, which GraphQL has as its id. */
export function matchOf(launches: readonly RestLaunch[]): (captured: GraphqlLaunch) => RestLaunch | undefined {
  const byName = new Map(launches.map(launch => [launch.name, launch]))
  const byNumber = new Map(launches.map(launch => [String(launch.flight_number), launch]))
  return ({ id, mission_name }) => byName.get(mission_name) ?? byNumber.get(id)
}
