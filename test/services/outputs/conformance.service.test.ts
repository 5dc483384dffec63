import type { Service } from '../../faults/service.ts'
import { conformTeller, type Telling, type TellingWorld } from '../../outputs/conformance.ts'
import { kafkaMissing } from '../kafka/library.ts'
import { readCommitted } from '../kafka/records.ts'
import { freshTopic, sharedBroker } from '../kafka/shared-broker.ts'
import { deliverer } from './world.ts'

/** A topic of one partition, so that its order is the alerts', and processes that deliver to it. */
function openTopic({ t: owner, databaseUrl, feed, topic }: TellingWorld): Telling {
  const workers: Service[] = []
  return {
    begin: async () => {
      const worker = await deliverer({ owner, databaseUrl, feed, topic, brokers: await sharedBroker() })
      worker.launch()
      workers.push(worker)
    },
    kill: async () => workers.shift()?.kill(),
    told: async () =>
      (await readCommitted(await sharedBroker(), topic)).map(({ headers, value }) => ({
        id: Number(headers.id),
        data: value ?? '',
      })),
  }
}

conformTeller({ name: 'kafka', rules: ['loud'], topic: t => freshTopic(t), open: openTopic }, await kafkaMissing())
