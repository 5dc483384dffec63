import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../simulators/rockets/random.ts'
import { expectKept, runLoad, seedOf } from '../faults/load.ts'
import { statement } from '../faults/observed.ts'
import type { Service } from '../faults/service.ts'
import { until } from '../until.ts'
import { type Deployment, newDeployment } from './deployment.ts'
import { kafkaMissing } from './kafka/library.ts'
import { checkPositions, produceSeen } from './positions.ts'
import { drained, untilApplied } from './progress.ts'

const skip = await kafkaMissing()

const ROUNDS = 5
const ROUND_MS = 2_000

describe('workers of a topic', () => {
  test('killed with -9, stopped and added every two seconds under load', { skip }, async t => {
    const seed = seedOf()
    const deployment = await newDeployment(t, { of: 'rockets', partitions: 8 })
    const [gateway, api, ...workers] = await Promise.all(
      ['gateway', 'api', 'worker', 'worker'].map(roles => deployment.start({ roles })),
    )
    assert.ok(gateway !== undefined && api !== undefined)
    const run = await runLoad({
      seed,
      messages: 8_000,
      singles: 4,
      streams: 1,
      services: [gateway],
      ...deployment,
      faults: async (_, random) => {
        for (let round = 0; round < ROUNDS; round++) {
          await delay(ROUND_MS)
          await change(deployment, workers, random)
        }
      },
      settled: () => drained(deployment, api),
    })
    expectKept(run, seed, import.meta.url)
  })

  test('one frozen past its session writes nothing of what it has lost, and works again', { skip }, async t => {
    const deployment = await newDeployment(t, { of: 'detections' })
    const named = (name: string) => {
      const url = new URL(deployment.databaseUrl)
      url.searchParams.set('application_name', name)
      return deployment.start({ roles: 'worker', databaseUrl: url.href })
    }
    const [one, other] = [await named('one'), await named('other')]
    await until('both read', async () => [one, other].every(isReading))
    const sent: string[] = []
    await until('one is frozen while there is more to read', async () => {
      one.thaw()
      const before = await countOf(deployment)
      sent.push(...(await produceSeen(deployment, 20_000)))
      await until('some of it is applied', async () => (await countOf(deployment)) > before + 2_000)
      await freezeBetweenBatches(one, deployment)
      return (await countOf(deployment)) < sent.length
    })
    await untilApplied(deployment)
    one.thaw()
    sent.push(...(await produceSeen(deployment, 500)))
    await untilApplied(deployment)
    await other.kill()
    sent.push(...(await produceSeen(deployment, 500)))
    await untilApplied(deployment)
    expectKept({ violations: await checkPositions(deployment, sent) }, 0, import.meta.url)
    assert.equal(await one.readiness(), 200)
  })
})

/** One worker killed, stopped, or added; at least one stays. */
async function change(deployment: Deployment, workers: Service[], random: Random): Promise<void> {
  const leaves = workers.length > 1 && random.chance(0.7)
  if (leaves) {
    const [worker] = workers.splice(random.below(workers.length), 1)
    if (random.chance(0.7)) await worker?.kill()
    else assert.equal(await worker?.stop(), 0)
  }
  if (!leaves || random.chance(0.6)) {
    const added = await deployment.service({ roles: 'worker' })
    added.launch()
    workers.push(added)
  }
}

const isReading = (worker: Service): boolean =>
  (worker.output.match(/partitions (\S+),? .*are read here/g)?.at(-1) ?? 'none').includes('none') === false

async function countOf({ databaseUrl }: Deployment): Promise<number> {
  const [row] = await statement(databaseUrl, 'select count(*)::int as count from detections')
  return Number(row?.count)
}

/** Within a transaction it would keep its locks, and nobody could go on before the database ends that. */
async function freezeBetweenBatches(worker: Service, { databaseUrl }: Deployment): Promise<void> {
  const open = `select 1 from pg_stat_activity where application_name = 'one' and xact_start is not null and datname = current_database()`
  await until('it is between two batches', async () => {
    worker.freeze()
    // What it had sent before is done when the server says so twice.
    const isOpen = (await statement(databaseUrl, open)).length > 0 || (await statement(databaseUrl, open)).length > 0
    if (isOpen) worker.thaw()
    return !isOpen
  })
}
