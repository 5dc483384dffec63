import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import type { Owner } from '../../database.ts'
import { startBroker } from './broker.ts'
import { withAdmin } from './client.ts'
import { KAFKA_URL } from './offer.ts'

/**
 * The broker that all tests of a run use, `host:port`. Who kills, freezes or fills one starts its own. Nothing is known of
 * its topics but that those of `freshTopic` are one's own.
 */
export function sharedBroker(): Promise<string> {
  shared ??= process.env[KAFKA_URL] === undefined ? brokerOfThisFile() : offeredBroker(process.env[KAFKA_URL])
  return shared
}

/** An empty topic; its name. On the shared broker it is deleted at the end, on one of the test's own it goes with that. */
export async function freshTopic(
  owner: Owner,
  { partitions = 1, brokers }: { readonly partitions?: number; readonly brokers?: string } = {},
): Promise<string> {
  const topic = `test.${randomBytes(6).toString('hex')}`
  const kafka = brokers ?? (await sharedBroker())
  await withAdmin(kafka, async admin => {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 })
    // The controller knows it before the broker tells of it: this asks again until it does.
    await admin.metadata({ topics: [topic] })
  })
  if (brokers === undefined) owner.after(() => withAdmin(kafka, admin => admin.deleteTopics({ topics: [topic] })))
  return topic
}

let shared: Promise<string> | undefined

async function offeredBroker(url: string): Promise<string> {
  const answer = await fetch(url)
  const said = await answer.text()
  if (!answer.ok) throw new Error(said)
  return said
}

/** For a file that is run without `run.ts`. */
async function brokerOfThisFile(): Promise<string> {
  const broker = await startBroker()
  stopOwn = () => broker.stop()
  return broker.brokers
}

// Here, and not where the broker is started: that is within a test, which would stop it at its own end.
let stopOwn: (() => Promise<void>) | undefined
after(() => stopOwn?.())
