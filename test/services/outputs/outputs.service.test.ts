import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRandom } from '../../../simulators/rockets/random.ts'
import { OUTPUT_FAILPOINTS } from '../../../src/outputs/failpoint.ts'
import { expectKept, seedOf } from '../../faults/load.ts'
import { until } from '../../until.ts'
import { kafkaMissing } from '../kafka/library.ts'
import { checkDelivered, deliverer, newWorld } from './world.ts'

const skip = await kafkaMissing()
const FILE = import.meta.url

describe('alerts on a topic', () => {
  test('killed at each step, and another goes on: each once, in order', { skip }, async t => {
    const world = await newWorld(t)
    const workers = await Promise.all(OUTPUT_FAILPOINTS.map(point => deliverer(world, { point })))
    for (const worker of workers) worker.launch()
    await until('all of them were killed', async () => {
      await world.raise(5)
      return workers.every(worker => !worker.isRunning)
    })
    const last = await deliverer(world)
    last.launch()
    expectKept({ violations: await checkDelivered(world) }, 0, FILE)
  })

  test('killed with -9 at random, with two at work', { skip }, async t => {
    const seed = seedOf()
    const random = createRandom(seed, 'outputs')
    const world = await newWorld(t)
    const workers = [await deliverer(world), await deliverer(world)]
    for (const worker of workers) worker.launch()
    let isOver = false
    const raising = (async () => {
      while (!isOver) await world.raise(1 + random.below(60), random)
    })()
    for (let round = 0; round < 6; round++) {
      await delay(300 + random.below(900))
      const worker = workers[random.below(2)]
      await worker?.kill()
      worker?.launch()
    }
    isOver = true
    await raising
    expectKept({ violations: await checkDelivered(world) }, seed, FILE)
  })
})
