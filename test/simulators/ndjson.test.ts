import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { sendNdjson } from '../../simulators/rockets/ndjson.ts'
import { rocketTraffic } from '../../simulators/rockets/traffic.ts'
import { receiver } from './receiver.ts'

const endless = () => rocketTraffic({ seed: 1, maxMessages: 4_000_000_000, fold: false }).postings

/** Answers before it has read the body, as a server does that refuses it. */
async function refusing(t: TestContext, status: number): Promise<string> {
  const server = createServer((_, outgoing) => {
    outgoing.writeHead(status).end('{}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`
}

describe('one NDJSON body', () => {
  it('carries every posting, a line each, and counts what was answered', async t => {
    const { postings, tally } = rocketTraffic({
      seed: 2,
      maxMessages: 2_000,
      duplicates: 0.1,
      invalid: 0.05,
      disorder: 9,
    })
    let type: string | undefined
    const server = createServer(async (incoming, outgoing) => {
      type = incoming.headers['content-type']
      let lines = 0
      for await (const chunk of incoming.setEncoding('utf8')) lines += String(chunk).split('\n').length - 1
      outgoing.end(JSON.stringify({ accepted: lines - 30, held: 10, duplicate: 5, conflict: 7, rejected: 8 }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`
    const report = await sendNdjson(postings, { url })
    assert.equal(type, 'application/x-ndjson')
    assert.equal(report.sent, tally.sent)
    assert.equal(report.byOutcome.accepted, tally.sent - 30)
    assert.equal(report.acknowledged, tally.sent - 15)
    assert.equal(report.rejected, 8)
    assert.equal(report.finished, true)
  })

  it('is as many bodies as the concurrency level, which share the postings', async t => {
    const server = await receiver(t, () => ({ outcome: 'read' }))
    const { postings, tally } = rocketTraffic({ seed: 2, maxMessages: 5_000 })
    await sendNdjson(postings, { url: server.url, concurrencyLevel: 3 })
    assert.equal(server.bodies.length, 3)
    assert.equal(server.bodies.join('').split('\n').length - 1, tally.sent)
  })

  it('is broken off when it is refused on the way', async t => {
    await assert.rejects(sendNdjson(endless(), { url: await refusing(t, 503) }), { code: 'BUSY' })
    await assert.rejects(sendNdjson(endless(), { url: await refusing(t, 413) }), { code: 'REQUEST_INVALID' })
  })

  it('names a connection that breaks, and one that never was', async t => {
    const server = await receiver(t, () => 'reset')
    const { postings } = rocketTraffic({ seed: 2, maxMessages: 10 })
    await assert.rejects(sendNdjson(postings, { url: server.url }), { code: 'OUTCOME_UNKNOWN' })
    await assert.rejects(sendNdjson(endless(), { url: 'http://127.0.0.1:1/messages' }), { code: 'STORE_UNREACHABLE' })
  })

  it('ends at the signal', async t => {
    const stop = new AbortController()
    const server = createServer(incoming => {
      incoming.once('data', () => stop.abort())
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`
    const report = await sendNdjson(endless(), { url, signal: stop.signal })
    assert.equal(report.finished, false)
  })
})
