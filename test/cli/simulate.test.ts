import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { receiver } from '../simulators/receiver.ts'
import { groundstation } from './program.ts'

describe('groundstation simulate', () => {
  test('hands a simulator its argument and its options', async t => {
    const server = await receiver(t, () => ({ outcome: 'accepted' }))
    const given = ['--max-messages', '3', '--rockets', '1', '--json']
    const { code, stdout } = await groundstation(['simulate', 'rockets', server.url, ...given])
    assert.equal(code, 0)
    assert.equal(server.bodies.length, 3)
    assert.equal(JSON.parse(stdout).report.acknowledged, 3)
  })

  test('hands one without an argument its options', async () => {
    const { code, stderr } = await groundstation(['simulate', 'vehicles', '--brokers', '127.0.0.1:1', '--rate', '9'])
    assert.equal(code, 3)
    assert.match(stderr, /127\.0\.0\.1:1: /)
    const wrong = await groundstation(['simulate', 'vehicles', '--brokers', '127.0.0.1:1', '--rate', 'often'])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /rate is a number/)
  })

  test('refuses what is missing', async () => {
    for (const args of [['rockets'], ['vehicles'], ['submarines']])
      assert.equal((await groundstation(['simulate', ...args])).code, 2)
  })
})
