import { hash } from 'node:crypto'
import { arrival, defineFeed, env, json, poll, Type, text } from 'groundstation'
import { launchViews } from './views/launches.ts'

const Launch = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** Their ids; what an earlier API had there doesn't matter, only how many there are. */
  payloads: Type.Optional(Type.Union([Type.Array(Type.Unknown()), Type.Null()])),
})

/** A number that a launch always has again: chance, with its id for a seed. */
function simulated(what: string, from: number, to: number): number {
  const chance = Number.parseInt(hash('sha256', what).slice(0, 8), 16) / 2 ** 32
  return from + Math.floor(chance * (to - from + 1))
}

const massOf = ({ id, payloads }: Type.Static<typeof Launch>): number =>
  (payloads ?? []).reduce<number>((sum, _, index) => sum + simulated(`${id} payload ${index}`, 2_000, 6_000), 0)

export default defineFeed({
  name: 'spacex-launches',
  source: poll({ url: env('SPACEX_URL'), path: '/v4/launches', every: env('SPACEX_EVERY', '300s') }),
  event: Launch,
  identity: { snapshot: 'id' },
  tables: {
    raw_launches: {
      rows: 'latest',
      columns: {
        id: text('id'),
        fetched_at_timestamp: arrival({ of: 'first' }),
        simulated_total_payload_mass_kg: { type: 'integer', compute: massOf },
        simulated_delay_minutes: { type: 'integer', compute: ({ id }) => simulated(`${id} delay`, 0, 120) },
        raw_data: json(''),
      },
    },
  },
  views: launchViews,
})
