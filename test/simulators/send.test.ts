import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Attempt, sendPostings } from '../../simulators/rockets/send.ts'
import { rocketTraffic } from '../../simulators/rockets/traffic.ts'
import { receiver } from './receiver.ts'

const some = (maxMessages: number, more: object = {}) => [
  ...rocketTraffic({ seed: 444, maxMessages, rockets: 2, ...more }).postings,
]
const accepted = { outcome: 'accepted' }

describe('the sender', () => {
  it('sends each message once, on a connection of its own', async t => {
    const server = await receiver(t, () => accepted)
    const postings = some(12)
    const { seconds, ...report } = await sendPostings(postings, { url: server.url, concurrencyLevel: 3 })
    assert.deepEqual(server.bodies.toSorted(), postings.map(posting => posting.json).toSorted())
    assert.equal(server.connections(), 12)
    assert.ok(seconds > 0)
    assert.deepEqual(report, {
      sent: 12,
      acknowledged: 12,
      retried: 0,
      rejected: 0,
      invalidAcknowledged: 0,
      abandoned: 0,
      lastFailure: null,
      byOutcome: { accepted: 12 },
      finished: true,
    })
  })

  it('keeps its connections when told to', async t => {
    const server = await receiver(t, () => accepted)
    await sendPostings(some(40), { url: server.url, concurrencyLevel: 2, keepAlive: true })
    assert.ok(server.connections() <= 2, `${server.connections()}`)
  })

  for (const [reaction, outcome, status] of [
    [500, 'status-500', 500],
    [302, 'status-302', 302],
    [400, 'status-400', 400],
    ['reset', 'ECONNRESET', null],
    ['hang', 'timeout', null],
  ] as const) {
    it(`sends the same bytes again after ${reaction}, and tells of both attempts`, async t => {
      const server = await receiver(t, request => (request <= 2 ? reaction : accepted))
      const history: Attempt[] = []
      const report = await sendPostings(some(2), {
        url: server.url,
        retryAfterMs: 1,
        answerTimeoutMs: reaction === 'hang' ? 300 : 10_000,
        history: attempt => history.push(attempt),
      })
      assert.equal(new Set(server.bodies.slice(0, 3)).size, 1)
      assert.equal(report.retried, 2)
      assert.equal(report.acknowledged, 2)
      assert.deepEqual(report.byOutcome, { [outcome]: 2, accepted: 2 })
      const first = history.slice(0, 3).map(({ attempt, status: code }) => [attempt, code])
      assert.deepEqual(first, [[1, status], [2, status], [3, 200]]) // biome-ignore format: a table
    })
  }

  it('waits 500 ms before it sends again', async t => {
    const server = await receiver(t, request => (request === 1 ? 503 : accepted))
    const report = await sendPostings(some(1), { url: server.url })
    assert.ok(report.seconds >= 0.49, `${report.seconds}`)
  })

  it('sends a message broken on purpose no more after its first 400, and says when one was taken', async t => {
    const postings = some(60, { invalid: 0.5 })
    const whole = new Set(postings.filter(posting => posting.kind === 'event').map(posting => posting.json))
    let spared = 1
    const server = await receiver(t, (_, body) => (whole.has(body) || spared-- > 0 ? accepted : 400))
    const report = await sendPostings(postings, { url: server.url, keepAlive: true, retryAfterMs: 1, maxAttempts: 2 })
    assert.equal(server.bodies.length, postings.length)
    assert.equal(report.rejected, postings.length - 60 - 1)
    assert.equal(report.invalidAcknowledged, 1)
    assert.deepEqual([report.abandoned, report.lastFailure], [0, null])
  })

  it('gives up after maxAttempts, where that is asked for', async t => {
    const server = await receiver(t, () => 503)
    const report = await sendPostings(some(2), { url: server.url, retryAfterMs: 1, maxAttempts: 3 })
    assert.equal(server.bodies.length, 6)
    assert.equal(report.abandoned, 2)
  })

  it('goes on with other messages while one is waited for', async t => {
    let first = ''
    const server = await receiver(t, (request, body) => {
      if (request === 1) first = body
      return body === first && request < 20 ? 503 : accepted
    })
    await sendPostings(some(30), { url: server.url, concurrencyLevel: 2, retryAfterMs: 5 })
    assert.ok(server.bodies.lastIndexOf(first) >= 19)
  })

  it('stops at the signal, with a report that says so', async t => {
    const stop = new AbortController()
    const server = await receiver(t, request => {
      if (request < 5) return accepted
      stop.abort()
      return 'hang'
    })
    const report = await sendPostings(some(50), { url: server.url, signal: stop.signal })
    assert.equal(report.finished, false)
    assert.equal(report.acknowledged, 4)
    assert.equal(report.byOutcome.aborted, 1)
  })

  it('stops altogether when the history throws', async t => {
    const server = await receiver(t, () => accepted)
    const history = () => {
      throw new Error('a broken promise')
    }
    await assert.rejects(sendPostings(some(50), { url: server.url, concurrencyLevel: 4, history }), /a broken promise/)
    assert.ok(server.bodies.length <= 4)
  })
})
