/**
 * A stand-in for the program that watches a road: detections of vehicles into a topic, at a steady rate, from a list or
 * made up from a seed.
 */
import { GroundstationError } from '../../src/errors.ts'
import { generateDetections } from './generate.ts'
import { readList, roundAndRound } from './list.ts'
import { type SendOptions, type SendReport, sendDetections } from './send.ts'

export type { Detection } from './detection.ts'
export { generateDetections } from './generate.ts'
export type { SendReport } from './send.ts'

export type SimulateOptions = Pick<SendOptions, 'brokers' | 'maxMessages' | 'signal' | 'onProgress'> & {
  readonly topic?: string
  readonly rate?: number
  /** A file of one detection a line, sent as they are; without it they are made up. */
  readonly list?: string
  readonly seed?: number
}

const TOPIC = 'intellisite.detections'
/** As the real program. */
const RATE = 3
const SEED = 444

/** Sends until `maxMessages` or the signal; without either for ever. */
export async function simulateVehicles(options: SimulateOptions): Promise<SendReport> {
  const { list, seed = SEED, ...rest } = options
  const given = { topic: TOPIC, rate: RATE, ...rest }
  check(given, seed)
  return sendDetections(list === undefined ? madeUp(seed) : roundAndRound(await readList(list)), given)
}

function* madeUp(seed: number): Generator<string, void, undefined> {
  for (const detection of generateDetections(seed)) yield JSON.stringify(detection)
}

const BROKER = /^(\[[^\]]+\]|[^\s:,]+):\d{1,5}$/
const RATE_MAX = 1_000_000

function check({ brokers, rate, maxMessages = 1 }: SendOptions, seed: number): void {
  if (brokers.length === 0) usage('brokers says where Kafka is, such as --brokers 127.0.0.1:9092.')
  for (const broker of brokers) if (!BROKER.test(broker)) usage(`brokers is host:port[,host:port …], not ${broker}.`)
  if (!(rate >= 0 && rate <= RATE_MAX)) usage(`rate is a number from 0 to ${RATE_MAX}, not ${rate}.`)
  if (!Number.isSafeInteger(maxMessages) || maxMessages < 1)
    usage(`max-messages is a whole number, not ${maxMessages}.`)
  if (!Number.isSafeInteger(seed) || seed < 0) usage(`seed is a whole number, not ${seed}.`)
}

function usage(message: string): never {
  throw new GroundstationError('USAGE', message)
}
