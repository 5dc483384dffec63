import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { madeUpData } from '../../../simulators/spacex/data/made-up.ts'
import { createClock, END } from '../../../simulators/spacex/story/clock.ts'
import { planOf } from '../../../simulators/spacex/story/plan.ts'
import { type Api, api, captures, type Launch } from './api.ts'

type Shown = { readonly time: string | null; readonly next: string | null; readonly launches: number }

/** Every version of every launch that a client could have seen, from the first change to the last. */
async function versions({ get, post }: Api): Promise<Map<string, Launch[]>> {
  const seen = new Map<string, Launch[]>()
  let { body: shown } = await post<Shown>('/_time', { time: 'begin' })
  for (;;) {
    for (const launch of (await get<Launch[]>('/v4/launches')).body) {
      const known = seen.get(launch.id) ?? []
      if (JSON.stringify(known.at(-1)) !== JSON.stringify(launch)) seen.set(launch.id, [...known, launch])
    }
    if (shown.next === null) return seen
    shown = (await post<Shown>('/_time', { time: 'next' })).body
  }
}

describe('the story', () => {
  it('has launches come, slip and get their results, and ends with what was captured', async t => {
    const spacex = await api(t, { launches: 40 })
    const end = (await spacex.get<Launch[]>('/v4/launches')).body
    const seen = await versions(spacex)
    assert.deepEqual([...seen.values()].map(known => known.at(-1)).sort(byNumber), end)
    for (const known of seen.values()) {
      const dates = known.map(({ date_utc }) => date_utc)
      assert.deepEqual(dates, dates.toSorted(), 'a launch is only ever put off')
      const flown = known.findIndex(({ upcoming }) => !upcoming)
      const before = flown === -1 ? known : known.slice(0, flown)
      assert.ok(before.length > 0, 'it is known before it flies')
      assert.ok(before.every(({ upcoming, success }) => upcoming && success === null))
      assert.ok(
        before.every(({ links }) => links.article === null),
        'nobody writes about it before',
      )
      assert.ok(known.slice(before.length).every(({ upcoming }) => !upcoming))
    }
    const slips = [...seen.values()].map(known => new Set(known.map(({ date_utc }) => date_utc)).size - 1)
    assert.ok(slips.some(count => count === 0) && slips.some(count => count >= 2), `${slips}`)
  })

  it('is the same for the same seed, and another for another', async t => {
    const tell = async (seed: number) => [...(await versions(await api(t, { launches: 15, seed })))]
    const first = await tell(7)
    assert.deepEqual(await tell(7), first)
    assert.notDeepEqual(await tell(8), first)
    const launch = madeUpData(1, 1).launches[0]
    assert.ok(launch)
    assert.deepEqual(planOf(launch, 7), planOf(launch, 7))
    assert.notDeepEqual(planOf(launch, 7), planOf(launch, 8))
  })

  it('stands where it is told to, in both APIs', async t => {
    const given = captures(t)
    if (given === undefined) return
    const time = '2020-11-01T00:00:00Z'
    const { get, graphql, post } = await api(t, { data: given.folder, time })
    const launches = (await get<Launch[]>('/v4/launches')).body
    const past = launches.filter(({ upcoming }) => !upcoming)
    assert.ok(launches.length < 193 && launches.length > past.length)
    assert.ok(past.every(({ date_utc }) => date_utc < time))
    const told = await graphql<{ launches: { id: string; launch_success: boolean | null }[] }>(
      '{ launches { id launch_success } }',
    )
    assert.ok(told.launches.length <= 109)
    // Of the 21st: it hasn't flown then.
    assert.deepEqual(told.launches.find(({ id }) => id === '109')?.launch_success ?? null, null)
    await post('/_time', { by: '2000h' })
    const later = await graphql<typeof told>('{ launches { id launch_success } }')
    assert.equal(later.launches.find(({ id }) => id === '109')?.launch_success, true)
    const end = await post<Shown>('/_time', { time: 'end' })
    assert.deepEqual(end.body, { time: null, speed: 0, next: null, launches: 193 })
  })

  it('refuses a time that is none', async t => {
    const { post } = await api(t, { launches: 1 })
    for (const body of [{ time: 'soon' }, { time: 2020 }, { by: 'x' }, { speed: -1 }, { time: 'end', by: '1h' }, []])
      assert.equal((await post('/_time', body)).status, 400, JSON.stringify(body))
    await assert.rejects(api(t, { time: '2020-13-01T00:00:00Z' }), { code: 'USAGE' })
    await assert.rejects(api(t, { speed: Number.NaN }), { code: 'USAGE' })
    await assert.rejects(api(t, { data: 'no/such/folder' }), { code: 'FILE_UNREADABLE' })
  })

  it('goes on at its speed, from wherever it is moved to', () => {
    let elapsedMs = 0
    const clock = createClock(1_000, 60, () => elapsedMs)
    elapsedMs = 500
    assert.equal(clock.nowMs(), 31_000)
    clock.move({ speed: 1 })
    elapsedMs = 600
    assert.equal(clock.nowMs(), 31_100)
    clock.move({ timeMs: 0 })
    elapsedMs = 700
    assert.equal(clock.nowMs(), 100)
    clock.move({ timeMs: END, speed: 0 })
    assert.equal(clock.nowMs(), END)
  })
})

const byNumber = (a: Launch | undefined, b: Launch | undefined) => (a?.flight_number ?? 0) - (b?.flight_number ?? 0)
