import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { openFleet } from './fleets.ts'
import { CONNECTIONS, KEYS, postFor, withStage } from './single-posts.ts'

/** What one key can take: its events have an order, so one writer and one commit at a time. */
export async function measureHot(bench: Bench): Promise<Figure[]> {
  return [await batches(bench), await singlePosts(bench)]
}

async function batches(bench: Bench): Promise<Figure> {
  const events = Math.ceil(bench.options.events / 4)
  const one = await openFleet(bench, 'bench_hot', 1)
  const many = await openFleet(bench, 'bench_many', KEYS)
  for (const fleet of [one, many]) await fleet.fill(events)
  const compared = await compare(bench.options.rounds, {
    floor: () => many.measure(events),
    value: () => one.measure(events),
  })
  await one.stop()
  await many.stop()
  return {
    ...compared,
    name: 'hot batches',
    title: `One hot key, batches; ${thousands(events)} events at a time`,
    unit: 'events/s',
    floor: { title: `${thousands(KEYS)} keys`, value: compared.floorValue },
    goal: undefined,
    notes: [],
  }
}

function singlePosts(bench: Bench): Promise<Figure> {
  return withStage(bench, async stage => {
    const rate = async (keys: number): Promise<number> => {
      const { port } = stage.product
      const { answered, seconds, spent } = await postFor(bench, stage, port, { seconds: bench.options.seconds, keys })
      bench.say(`posts ${thousands(answered / seconds)}/s, ${thousands(keys)} keys; ${spent}`)
      return answered / seconds
    }
    const compared = await compare(bench.options.rounds, { floor: () => rate(KEYS), value: () => rate(1) })
    return {
      ...compared,
      name: 'hot posts',
      title: `One hot key, single posts; ${CONNECTIONS} connections`,
      unit: 'posts/s',
      floor: { title: `${thousands(KEYS)} keys`, value: compared.floorValue },
      goal: undefined,
      notes: [],
    }
  })
}
