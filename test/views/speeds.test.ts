import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import rockets from '../../feeds/rockets.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { get, type Served, send, serve } from '../api/serve.ts'
import { seedOf } from '../seed.ts'
import { until } from '../until.ts'

/** The rockets as they are, but for how long they wait. */
const serveWaiting = (wait: string) =>
  serve({}, [{ ...rockets, declaration: { ...rockets.declaration, gaps: { wait } } } as DeclaredFeed])
const patient = await serveWaiting('1h')
const impatient = await serveWaiting('200ms')

type Message = {
  readonly channel: string
  readonly number: number
  readonly at: number
  readonly type: string
  readonly message: object
}
type Speed = {
  readonly channel: string
  readonly at: number
  readonly type: string | null
  readonly mission: string | null
  readonly speed: number
}
type Row = Record<string, unknown>

const START = Date.parse('2024-05-05T12:00:00Z')
const MINUTE = 60_000

/** A fleet's messages, each rocket's numbered in the order of their times; some launch late, twice or never, some explode. */
function fleet(random: (below: number) => number): Message[] {
  const pick = (...words: string[]) => words[random(words.length)] ?? ''
  return Array.from({ length: 12 }, (_, rocket) => {
    const channel = `193270a9-c9cf-404a-8f83-${String(rocket).padStart(12, '0')}`
    let at = START + random(3 * MINUTE)
    return Array.from({ length: 5 + random(40) }, (__, index) => {
      at += random(15_000)
      const launches = (index === 0 && rocket % 4 > 0) || random(30) === 0
      const [type, message] = launches
        ? ['RocketLaunched', { type: pick('A', 'B', 'C'), launchSpeed: random(9_000), mission: pick('X', 'Y', 'Z') }]
        : random(25) === 0
          ? ['RocketExploded', { reason: 'R' }]
          : random(4) === 0
            ? ['RocketMissionChanged', { newMission: pick('X', 'Y', 'Z') }]
            : [pick('RocketSpeedIncreased', 'RocketSpeedDecreased'), { by: 1 + random(90_000) }]
      return { channel, number: index + 1, at, type, message } as Message
    })
  }).flat()
}

/** By the rules, with a loop: what each rocket was set to. Messages in the order of their numbers. */
function speedsOf(messages: readonly Message[]): Speed[] {
  const speeds: Speed[] = []
  const fleet = new Map<string, { type: string | null; mission: string | null; speed: number; over: boolean }>()
  for (const { channel, at, type, message } of messages) {
    const rocket = fleet.get(channel) ?? { type: null, mission: null, speed: 0, over: false }
    fleet.set(channel, rocket)
    const {
      by = 0,
      launchSpeed = 0,
      ...words
    } = message as { by?: number; launchSpeed?: number; [word: string]: unknown }
    if (rocket.over || (type === 'RocketLaunched' && rocket.type !== null)) continue
    if (type === 'RocketExploded') rocket.over = true
    if (type === 'RocketMissionChanged') rocket.mission = String(words.newMission)
    if (type === 'RocketLaunched')
      Object.assign(rocket, { type: words.type, mission: words.mission, speed: launchSpeed })
    if (type === 'RocketSpeedIncreased') rocket.speed += by
    if (type === 'RocketSpeedDecreased') rocket.speed = Math.max(0, rocket.speed - by)
    if (/Launched|Speed/.test(type))
      speeds.push({ channel, at, type: rocket.type, mission: rocket.mission, speed: rocket.speed })
  }
  return speeds
}

function figuresOf(speeds: readonly Speed[]): Row {
  const all = speeds.map(({ speed }) => speed)
  const between = (from: number, to: number) => all.filter(speed => speed >= from && speed < to).length
  const average = all.length === 0 ? null : Math.round((all.reduce((a, b) => a + b, 0) / all.length) * 1000) / 1000
  const of =
    all.length === 0 ? { minimum: null, maximum: null } : { minimum: Math.min(...all), maximum: Math.max(...all) }
  const kinds = {
    standing: between(0, 1),
    slow: between(1, 10_000),
    medium: between(10_000, 100_000),
    fast: between(100_000, Infinity),
  }
  return { speeds: all.length, average, ...of, ...kinds }
}

const rocketsIn = (speeds: readonly Speed[]) => ({ rockets: new Set(speeds.map(({ channel }) => channel)).size })

function by(speeds: readonly Speed[], of: 'channel' | 'type' | 'mission'): Row[] {
  const groups = Map.groupBy(speeds, speed => speed[of])
  return [...groups].map(([name, some]) => ({
    [of]: name,
    ...(of === 'channel' ? { type: some.find(({ type }) => type !== null)?.type ?? null } : rocketsIn(some)),
    ...figuresOf(some),
  }))
}

/** From when on each rocket may lack something: the time before its first missing number, of those below its end. */
function lacksSince(sent: readonly Message[], missing: readonly Message[]): number {
  return Math.min(
    ...missing.map(({ channel, number }) => {
      const own = sent.filter(one => one.channel === channel)
      const isFollowed = own.some(one => one.number > number)
      const end = own.find(one => one.type === 'RocketExploded')?.number ?? Infinity
      if (!isFollowed || number > end) return Infinity
      return Math.max(
        -Infinity,
        ...own.filter(one => one.number < number && one.type !== 'RocketExploded').map(({ at }) => at),
      )
    }),
  )
}

const sorted = (list: readonly Row[]) => list.map(row => JSON.stringify(Object.entries(row).sort())).sort()

async function list({ url }: Served, path: string): Promise<Row[]> {
  const { status, body, text } = await get<{ data: Row[] }>(`${url}${path}`)
  assert.equal(status, 200, text)
  return body.data
}

/** `applied`: what is in by now. `open` and `complete`: from when on numbers are waited for, and missing. */
async function compare(on: Served, applied: readonly Message[], open: number, complete: number): Promise<void> {
  const speeds = speedsOf(applied)
  assert.deepEqual(sorted(await list(on, '/speeds/rockets')), sorted(by(speeds, 'channel')))
  assert.deepEqual(sorted(await list(on, '/speeds/types')), sorted(by(speeds, 'type')))
  assert.deepEqual(sorted(await list(on, '/speeds/missions')), sorted(by(speeds, 'mission')))
  assert.deepEqual(await list(on, '/speeds'), [{ ...rocketsIn(speeds), ...figuresOf(speeds) }])
  const minutes = Map.groupBy(speeds, ({ at }) => Math.floor(at / MINUTE) * MINUTE)
  const iso = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')
  const expected = [...minutes]
    .sort(([a], [b]) => a - b)
    .map(([start, some]) => ({
      window_start: iso(start),
      window_end: iso(start + MINUTE),
      ...rocketsIn(some),
      ...figuresOf(some),
      final: start + MINUTE <= open,
      complete: start + MINUTE <= complete,
    }))
  assert.deepEqual(await list(on, '/speeds/minutes'), expected)
}

async function post({ url }: Served, messages: readonly Message[]): Promise<void> {
  const events = messages.map(({ channel, number, at, type, message }) => ({
    metadata: { channel, messageNumber: number, messageTime: new Date(at).toISOString(), messageType: type },
    message,
  }))
  if (events.length > 0) assert.equal((await send(`${url}/messages`, JSON.stringify(events))).status, 200)
}

/** What is applied while something is waited for: each rocket's messages up to its first hole. */
const upToHoles = (sent: readonly Message[]) => {
  const next = new Map<string, number>()
  return sent.filter(({ channel, number }) => {
    const isNext = number === (next.get(channel) ?? 1)
    if (isNext) next.set(channel, number + 1)
    return isNext
  })
}

/** A generator of its own, so that a seed repeats a run. */
function chance(t: TestContext) {
  let state = seedOf(t, import.meta.filename) || 1
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  const shuffled = (messages: readonly Message[]) =>
    messages
      .map(one => [below(1_000_000), one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one)
  const messages = fleet(below)
  const fates = messages.map(message => {
    // With a rocket's first message missing no minute is final, so that is rare.
    const isMissing = below(message.number === 1 ? 60 : 10) === 0
    const fate = !isMissing ? 'sent' : below(4) === 0 ? 'lost' : 'late'
    return [fate, message] as const
  })
  const of = (...kinds: string[]) => fates.flatMap(([fate, message]) => (kinds.includes(fate) ? [message] : []))
  return { messages, shuffled, of }
}

const noneOpen = ({ rows }: Served) =>
  until(
    'nothing is waited for',
    async () => (await rows("select from groundstation.gaps where status = 'open'")).length === 0,
  )

test('speeds by rocket, type, mission, minute and over all are what a loop over the messages gives, while some are waited for', async t => {
  const { messages, shuffled, of } = chance(t)
  assert.deepEqual((await list(patient, '/speeds'))[0]?.speeds, 0)
  assert.deepEqual(await list(patient, '/speeds/minutes'), [])
  const sent = of('sent')
  await post(patient, [...shuffled(sent), ...shuffled(sent).slice(0, 20)])
  const open = lacksSince(sent, of('late', 'lost'))
  await compare(patient, upToHoles(sent), open, open)
  await post(patient, shuffled(of('late')))
  const there = messages.filter(message => of('sent', 'late').includes(message))
  const still = lacksSince(there, of('lost'))
  await compare(patient, upToHoles(there), still, still)
  await post(patient, of('lost'))
  await compare(patient, messages, Infinity, Infinity)
})

test('the same once the wait is over: final, and complete where nothing is missing', async t => {
  const { messages, shuffled, of } = chance(t)
  const sent = of('sent')
  await post(impatient, shuffled(sent))
  await noneOpen(impatient)
  await compare(impatient, sent, Infinity, lacksSince(sent, of('late', 'lost')))
  await post(impatient, shuffled(of('late')))
  await noneOpen(impatient)
  const there = messages.filter(message => of('sent', 'late').includes(message))
  await compare(impatient, there, Infinity, lacksSince(there, of('lost')))
  await post(impatient, of('lost'))
  await compare(impatient, messages, Infinity, Infinity)
})

test('a minute that has only just ended, or has not, is not final', async () => {
  const channel = '193270a9-c9cf-404a-8f83-999999999999'
  const launch = { channel, type: 'RocketLaunched', message: { type: 'A', launchSpeed: 1, mission: 'X' } }
  await post(patient, [{ ...launch, number: 1, at: Date.now() }])
  const last = (await list(patient, '/speeds/minutes')).at(-1)
  assert.deepEqual([last?.speeds, last?.final, last?.complete], [1, false, true])
  const now = Date.now()
  const boundary = Math.floor(now / MINUTE) * MINUTE
  await post(patient, [{ ...launch, channel: channel.replace(/9$/, '8'), number: 1, at: boundary - 1 }])
  const before = (await list(patient, '/speeds/minutes')).at(-2)
  // Half a minute is waited for what comes late; which half this is, is the clock's to say.
  if (now - boundary < 25_000) assert.equal(before?.final, false)
  if (now - boundary > 30_000) assert.equal(before?.final, true)
})
