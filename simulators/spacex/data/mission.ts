import type { GraphqlLaunch, Mission } from './document.ts'

/** The capture has launches only, which name missions by id; these are the names that the API had for them. */
const NAMES: Readonly<Record<string, string>> = {
  '9D1B7E0': 'Thaicom',
  F4F83DE: 'Telstar',
  F3364BF: 'Iridium NEXT',
  EE86F74: 'Commercial Resupply Services',
  '6C42550': 'SES',
  FE3533D: 'JCSAT',
  '593B499': 'AsiaSat',
  CE91D46: 'Orbcomm OG2',
  '2CF444A': 'ABS',
  F7709F2: 'Eutelsat',
}

/** The missions that launches name, each once, the first launch's first. One without a known name is called by its id. */
export function missionsOf(launches: readonly GraphqlLaunch[]): Mission[] {
  const ids = new Set(launches.toReversed().flatMap(launch => launch.mission_id ?? []))
  return [...ids].map(id => ({ id, name: NAMES[id] ?? id }))
}
