import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { command } from '../../simulators/rockets/command.ts'
import { eventOf, foldEvents, parseDuration, simulateRockets } from '../../simulators/rockets/index.ts'
import { receiver } from './receiver.ts'

describe('simulateRockets', () => {
  it('posts the traffic of a seed and writes what should come of it', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'simulate-'))
    t.after(() => rm(folder, { recursive: true }))
    const valid: string[] = []
    const broken: string[] = []
    const server = await receiver(t, (_, body) => {
      const known = isWhole(body)
      ;(known ? valid : broken).push(body)
      return known ? { outcome: 'accepted' } : 400
    })
    // A whole message comes as an event or a repeat; what else comes is broken.
    const whole = new Set<string>()
    const isWhole = (body: string) => whole.has(body)
    const { report, totals } = await simulateRockets({
      url: server.url,
      seed: 444,
      rockets: 4,
      maxMessages: 300,
      duplicates: 0.1,
      disorder: 30,
      gaps: 0.05,
      lateGaps: 0.05,
      invalid: 0.05,
      keepAlive: true,
      retryAfterMs: 1,
      concurrencyLevel: 3,
      expect: join(folder, 'states.json'),
      history: ({ posting }) => posting.kind !== 'invalid' && whole.add(posting.json),
    })
    assert.equal(report.acknowledged, totals.distinct + totals.duplicates)
    assert.equal(report.rejected, totals.invalid)
    assert.ok(broken.length >= totals.invalid)
    const written = JSON.parse(await readFile(join(folder, 'states.json'), 'utf8'))
    assert.equal(written.totals.gaps, totals.gaps)
    assert.deepEqual(written.rockets, [...foldEvents(valid.map(eventOf)).states()])
  })

  it('refuses a concurrency level that is none', async () => {
    await assert.rejects(simulateRockets({ url: 'http://127.0.0.1:1', seed: 1, concurrencyLevel: 0 }), {
      code: 'USAGE',
    })
  })
})

describe('the command', () => {
  it('says, while it sends again, why', async () => {
    const stop = new AbortController()
    const shown: string[] = []
    const progress = (_: number | undefined, line: string) => {
      shown.push(line)
      stop.abort()
    }
    const { text, ok } = await command.run('http://127.0.0.1:1/', { maxMessages: 3 }, { signal: stop.signal, progress })
    const why = '(last: connection refused: nothing listens there)'
    assert.deepEqual(shown, [`1 sent, 0 acknowledged, 1 again ${why}`])
    assert.equal(ok, false)
    assert.ok(text.includes(`1 sent again, 0 given up ${why}, in`), text)
  })

  it('says in its result why messages were given up', async t => {
    const { url } = await receiver(t, () => 404)
    const { signal } = new AbortController()
    const options = { maxMessages: 3, maxAttempts: 1 }
    const { text } = await command.run(url, options, { signal, progress: () => undefined })
    assert.ok(text.includes('0 sent again, 3 given up (last: answered 404), in'), text)
  })
})

describe('parseDuration', () => {
  for (const [text, ms] of [
    ['5ms', 5],
    ['2s', 2_000],
    ['1m', 60_000],
    ['0.5h', 1_800_000],
    ['0', 0],
  ] as const) {
    it(`reads ${text}`, () => assert.equal(parseDuration(text), ms))
  }
  for (const text of ['', '5', 'ms', '-1s', '1d', '1 s', 'soon']) {
    it(`refuses "${text}"`, () => assert.throws(() => parseDuration(text), { code: 'USAGE' }))
  }
})
