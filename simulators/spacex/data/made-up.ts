import { createRandom, type Random } from '../../rockets/random.ts'
import type { GraphqlLaunch, Mission, Named, RestLaunch, SpacexData } from './document.ts'
import { madeUpLaunchpads, madeUpRockets } from './made-up-places.ts'

const FIRST_MS = Date.UTC(2015, 0, 5, 12)
const HOUR_MS = 3_600_000
const DAYS_APART = 9
const UPCOMING_IN_HUNDRED = 5
const MISSIONS = ['Aquila', 'Borealis', 'Cygnus', 'Delphin', 'Eridani', 'Fornax', 'Gemini Relay', 'Hydra']

/** Launches that never were, as many as are asked for, the same ones for the same seed; some of everything that is null in the real ones. */
export function madeUpData(seed: number, count: number): SpacexData {
  const random = createRandom(seed, 'spacex')
  const rockets = madeUpRockets()
  const launchpads = madeUpLaunchpads()
  const missions = MISSIONS.map((name, index) => ({ id: `5F1${String(index).padStart(4, '0')}`, name }))
  const payloads: Named[] = []
  const launches: RestLaunch[] = []
  const graphqlLaunches: GraphqlLaunch[] = []
  for (let number = 1; number <= count; number++) {
    const isUpcoming = number > count - Math.ceil((count * UPCOMING_IN_HUNDRED) / 100)
    const carried = Array.from({ length: random.below(4) }, (_, index) => payload(random, number, index))
    payloads.push(...carried)
    const places = { rocket: pick(random, rockets).id, launchpad: pick(random, launchpads).id }
    const launch = launchOf(random, { number, isUpcoming, carried, ...places })
    launches.push(launch)
    graphqlLaunches.unshift(graphqlOf(launch, missionsOf(random, missions)))
  }
  return { launches, rockets, payloads, launchpads, graphqlLaunches, missions }
}

type Given = {
  readonly number: number
  readonly isUpcoming: boolean
  readonly carried: readonly Named[]
  readonly rocket: string
  readonly launchpad: string
}

function launchOf(random: Random, { number, isUpcoming, carried, rocket, launchpad }: Given): RestLaunch {
  const dateMs = FIRST_MS + number * DAYS_APART * 24 * HOUR_MS + random.below(48) * HOUR_MS
  const isFired = !isUpcoming && random.chance(0.6)
  const success = isUpcoming || random.chance(0.02) ? null : random.chance(0.95)
  const link = (share: number, text: string) => (!isUpcoming && random.chance(share) ? text : null)
  const page = `https://news.example/${number}`
  return {
    links: {
      patch: { small: link(0.9, `${page}/small.png`), large: link(0.9, `${page}/large.png`) },
      reddit: {
        campaign: link(0.6, `${page}/campaign`),
        launch: link(0.6, `${page}/discussion`),
        media: link(0.4, `${page}/media`),
        recovery: link(0.3, `${page}/recovery`),
      },
      flickr: { small: [], original: isUpcoming ? [] : [`${page}/1.jpg`] },
      presskit: link(0.5, `${page}/presskit.pdf`),
      webcast: link(0.9, `https://video.example/${number}`),
      youtube_id: null,
      article: link(0.75, page),
      wikipedia: link(0.8, `https://wiki.example/launch_${number}`),
    },
    static_fire_date_utc: isFired ? timeOf(dateMs - 72 * HOUR_MS) : null,
    static_fire_date_unix: isFired ? (dateMs - 72 * HOUR_MS) / 1_000 : null,
    rocket,
    success,
    failures: success === false ? [{ time: random.below(600), altitude: null, reason: 'made up' }] : [],
    details: random.chance(0.7) ? `The launch number ${number} that never was.` : null,
    payloads: carried.map(({ id }) => id),
    launchpad,
    flight_number: number,
    name: `Flight ${number}`,
    date_utc: timeOf(dateMs),
    date_unix: dateMs / 1_000,
    date_local: `${timeOf(dateMs - 5 * HOUR_MS).slice(0, 19)}-05:00`,
    date_precision: isUpcoming ? 'month' : 'hour',
    upcoming: isUpcoming,
    cores: [{ core: null, flight: 1, landing_success: success }],
    id: identity(2, number),
  }
}

function payload(random: Random, number: number, index: number): Named {
  const mass = random.chance(0.13) ? null : 200 + random.below(15_000)
  return {
    name: `Payload ${number}.${index + 1}`,
    type: 'Satellite',
    launch: identity(2, number),
    mass_kg: mass,
    mass_lbs: mass === null ? null : Math.round(mass * 2.2046),
    orbit: pick(random, ['LEO', 'GTO', 'SSO', 'ISS']),
    id: identity(3, number * 10 + index),
  }
}

/** Half of the launches have no mission and a few have two, as in the capture. */
function missionsOf(random: Random, missions: readonly Mission[]): string[] {
  if (random.chance(0.5)) return []
  const first = random.below(missions.length)
  const ids = random.chance(0.05) ? [first, (first + 1) % missions.length] : [first]
  return ids.map(index => missions[index]?.id ?? '')
}

/** GraphQL's own fields; the others come from REST. */
function graphqlOf(launch: RestLaunch, mission_id: string[]): GraphqlLaunch {
  return {
    id: String(launch.flight_number),
    mission_id,
    mission_name: launch.name,
    launch_date_utc: launch.date_utc,
    launch_success: launch.success,
    details: launch.details,
    links: { article_link: launch.links.article, flickr_images: launch.links.flickr.original },
  }
}

const identity = (kind: number, number: number) => `5f${kind}${String(number).padStart(21, '0')}`
const timeOf = (ms: number) => new Date(ms).toISOString()

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.below(items.length)] as Item
}
