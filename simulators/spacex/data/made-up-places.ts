import type { Named } from './document.ts'

/** Rockets with the fields that are asked for; the last one has flown never, and has no page. */
export function madeUpRockets(): Named[] {
  return [
    rocket('5e9000000000000000000001', 'Sparrow 1', {
      boosters: 0,
      engines: 1,
      legs: 0,
      cost_per_launch: 6_700_000,
      success_rate_pct: 40,
    }),
    rocket('5e9000000000000000000002', 'Sparrow 9', {
      boosters: 0,
      engines: 9,
      legs: 4,
      cost_per_launch: 50_000_000,
      success_rate_pct: 98,
    }),
    rocket('5e9000000000000000000003', 'Sparrow Heavy', {
      boosters: 2,
      engines: 27,
      legs: 12,
      cost_per_launch: 90_000_000,
      success_rate_pct: 100,
    }),
    {
      ...rocket('5e9000000000000000000004', 'Albatross', {
        boosters: 0,
        engines: 37,
        legs: 6,
        cost_per_launch: 7_000_000,
        success_rate_pct: 0,
      }),
      active: false,
      wikipedia: null,
    },
  ]
}

type Figures = {
  readonly boosters: number
  readonly engines: number
  readonly legs: number
  readonly cost_per_launch: number
  readonly success_rate_pct: number
}

function rocket(id: string, name: string, { engines, legs, ...figures }: Figures): Named {
  return {
    height: { meters: 10 + engines * 2, feet: null },
    diameter: { meters: 3.7, feet: 12 },
    mass: { kg: 30_000 * Math.max(1, engines), lb: 66_000 * Math.max(1, engines) },
    engines: { number: engines, type: 'kestrel', version: '1', layout: null, thrust_to_weight: 107.5 },
    landing_legs: { number: legs, material: legs === 0 ? null : 'carbon fiber' },
    name,
    type: 'rocket',
    active: true,
    stages: 2,
    ...figures,
    first_flight: '2015-01-05',
    country: 'Nowhere',
    company: 'Made Up Rockets',
    wikipedia: `https://wiki.example/${name.replace(' ', '_')}`,
    description: `${name} never was.`,
    id,
  }
}

export function madeUpLaunchpads(): Named[] {
  return ['North Pad', 'South Pad', 'Island Pad'].map((name, index) => ({
    name,
    full_name: `Made Up ${name}`,
    locality: 'Nowhere',
    region: 'Nowhere',
    latitude: 10 * index,
    longitude: -20 * index,
    status: index === 2 ? 'retired' : 'active',
    id: `5e910000000000000000000${index}`,
  }))
}
