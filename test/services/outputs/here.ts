import { Outputs } from '../../../src/outputs/outputs.ts'
import { ALERTS_CHANNEL } from '../../../src/store/listen.ts'
import { listOutputs, type StoredOutput } from '../../../src/store/read/outputs.ts'
import { openStore } from '../../../src/store/store.ts'
import { alarmsFeed } from '../../outputs/alarms.ts'
import type { World } from './world.ts'

/** The feed's outputs in the test's own process. */
export type Here = {
  /** What it said, a line each, with its level. */
  readonly said: readonly string[]
  /** As anybody is told. */
  told(): Promise<StoredOutput | undefined>
  stop(): Promise<void>
}

const HOLD_MS = 1_000

export async function deliverHere(world: World, { createsTopics = false } = {}): Promise<Here> {
  const { owner, databaseUrl, brokers, feed, topic } = world
  const store = await openStore(databaseUrl)
  const said: string[] = []
  const outputs = new Outputs({
    query: store.query,
    feeds: [alarmsFeed(feed, topic)],
    kafka: { brokers: brokers.split(','), createsTopics },
    holdMs: HOLD_MS,
    log: (level, message) => said.push(`${level}: ${message}`),
  })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= outputs.stop().then(() => store.close())
    return stopping
  }
  owner.after(stop)
  store.listen(ALERTS_CHANNEL, stream => outputs.wake(stream))
  outputs.start()
  return { said, told: async () => (await listOutputs(store.query))[0], stop }
}
