/**
 * Launches, payloads, rockets and launchpads of the REST API. `raw_launches` tells of each launch what the old system made up
 * (`simulated_…`, always the same of the same launch) and beside it what is true: the mass of its payloads, and how far its date
 * has slipped since it was first seen.
 */
import { hash } from 'node:crypto'
import {
  arrival,
  boolean,
  defineFeed,
  double,
  env,
  json,
  poll,
  type Static,
  type TSchema,
  Type,
  text,
} from 'groundstation'
import { launchViews } from './views/launches.ts'

const polled = (path: string) => poll({ url: env('SPACEX_URL'), path, every: env('SPACEX_EVERY', '300s') })
const identity = { snapshot: 'id' } as const
const Id = Type.String({ minLength: 1 })
const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])
const Anything = Type.Optional(Type.Unknown())

/** Whatever the API says of the rest: what is odd in one field must not cost the launch. */
const Launch = Type.Object({ id: Id, payloads: Anything, date_utc: Anything })
type Launch = Static<typeof Launch>

type Fields = Readonly<Record<string, unknown>>
/** A field where it is of the column's kind, null where it is anything else. */
const textOf = (name: string) => text((one: Fields) => (typeof one[name] === 'string' ? one[name] : null))
const flagOf = (name: string) => boolean((one: Fields) => (typeof one[name] === 'boolean' ? one[name] : null))
/** A number that is no less than nothing, and no more than a sum has room for. */
const amountOf = (name: string) =>
  double(({ [name]: one }: Fields) => (typeof one === 'number' && one >= 0 && one <= 1e9 ? one : null))

/** A number that a launch always has again: chance, with its id for a seed. */
function simulated(what: string, from: number, to: number): number {
  const chance = Number.parseInt(hash('sha256', what).slice(0, 8), 16) / 2 ** 32
  return from + Math.floor(chance * (to - from + 1))
}

const payloadsOf = ({ payloads }: Launch): readonly unknown[] => (Array.isArray(payloads) ? payloads : [])

/** So much of each payload; what an earlier API had in the list doesn't matter, only how many there are. */
const simulatedMassOf = (launch: Launch): number =>
  payloadsOf(launch).reduce<number>(
    (sum, _, index) => sum + simulated(`${launch.id} payload ${index}`, 2_000, 6_000),
    0,
  )

// With its offset, or it would be another time on another machine; of a year in which minutes are an integer's.
const TIME = /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/
const MINUTE_MS = 60_000

/** In milliseconds; null for what is no time. */
function timeOf(date: unknown): number | null {
  const ms = typeof date === 'string' && TIME.test(date) ? Date.parse(date) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

const launches = defineFeed({
  name: 'spacex-launches',
  source: polled('/v4/launches'),
  event: Launch,
  identity,
  tables: {
    'spacex.launch': {
      rows: 'latest',
      columns: {
        id: text('id'),
        fetched_at_timestamp: arrival({ of: 'first' }),
        name: textOf('name'),
        date_utc: textOf('date_utc'),
        success: flagOf('success'),
        rocket: textOf('rocket'),
        launchpad: textOf('launchpad'),
        // Each once, however often it is named.
        payloads: { type: 'json', compute: launch => [...new Set(payloadsOf(launch))] },
        simulated_total_payload_mass_kg: { type: 'integer', compute: simulatedMassOf },
        simulated_delay_minutes: { type: 'integer', compute: ({ id }) => simulated(`${id} delay`, 0, 120) },
        raw_data: json(''),
      },
    },
  },
  state: {
    path: '/launches',
    key: 'id',
    stands: { sequence: 'version' },
    schema: Type.Object(
      { first_date_utc: Nullable(Type.String()), delay_minutes: Nullable(Type.Integer()) },
      { additionalProperties: true },
    ),
    sort: ['id', 'delay_minutes', 'version'],
    initial: { first_date_utc: null, delay_minutes: null },
    evolve: (known, launch) => {
      const [first, last] = [timeOf(known.first_date_utc), timeOf(launch.date_utc)]
      const seen = { first_date_utc: known.first_date_utc, delay_minutes: known.delay_minutes }
      if (last !== null && first === null) seen.first_date_utc = String(launch.date_utc)
      // Back at its first date it was delayed by nothing; one that never moved wasn't seen to be.
      else if (last !== null && first !== null && (last !== first || known.delay_minutes !== null))
        seen.delay_minutes = Math.round((last - first) / MINUTE_MS)
      return { ...launch, ...seen }
    },
  },
  views: launchViews,
})

const payloads = defineFeed({
  name: 'spacex-payloads',
  source: polled('/v4/payloads'),
  event: Type.Object({ id: Id }),
  identity,
  tables: {
    'spacex.payload': {
      rows: 'latest',
      columns: {
        id: text('id'),
        name: textOf('name'),
        type: textOf('type'),
        launch: textOf('launch'),
        orbit: textOf('orbit'),
        mass_kg: amountOf('mass_kg'),
        raw_data: json(''),
      },
    },
  },
})

const rockets = defineFeed({
  name: 'spacex-rockets',
  source: polled('/v4/rockets'),
  event: Type.Object({ id: Id }),
  identity,
  tables: {
    'spacex.rocket': {
      rows: 'latest',
      columns: {
        id: text('id'),
        name: textOf('name'),
        type: textOf('type'),
        active: flagOf('active'),
        first_flight: textOf('first_flight'),
        raw_data: json(''),
      },
    },
  },
})

const launchpads = defineFeed({
  name: 'spacex-launchpads',
  source: polled('/v4/launchpads'),
  event: Type.Object({ id: Id }),
  identity,
  tables: {
    'spacex.launchpad': {
      rows: 'latest',
      columns: {
        id: text('id'),
        name: textOf('name'),
        full_name: textOf('full_name'),
        locality: textOf('locality'),
        region: textOf('region'),
        raw_data: json(''),
      },
    },
  },
})

export default [launches, payloads, rockets, launchpads]
