import { rocketTraffic } from '../../simulators/rockets/index.ts'

/** The messages of so many rockets in the order of each, as they would be posted. */
export function rocketBytes({ seed, events, keys }: { seed: number; events: number; keys: number }): Buffer[] {
  const { postings } = rocketTraffic({ seed, rockets: keys, maxMessages: events, fold: false })
  const bytes: Buffer[] = []
  for (const { json } of postings) bytes.push(Buffer.from(json))
  return bytes
}
