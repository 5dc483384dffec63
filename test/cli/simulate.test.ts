import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { receiver } from '../simulators/receiver.ts'
import { groundstation, outputOf, spawnProgram } from './program.ts'

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

  test('serves an API until it is interrupted, and says where', async t => {
    const child = spawnProgram(['simulate', 'spacex', '--launches', '7', '--json'])
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'close')
    const { url, graphqlUrl } = JSON.parse(await outputOf(child, /}\n/))
    assert.equal(graphqlUrl, `${url}/graphql`)
    const launches = (await (await fetch(`${url}/v4/launches`)).json()) as object[]
    assert.equal(launches.length, 7)
    const report = outputOf(child, /}\n/)
    child.kill('SIGINT')
    assert.deepEqual(JSON.parse(await report), { requests: 1, notModified: 0, faults: 0 })
    assert.equal((await ended)[0], 0)
  })

  test('prints the settings that point at the API', async t => {
    const child = spawnProgram(['simulate', 'spacex'])
    t.after(() => child.kill('SIGKILL'))
    const shown = await outputOf(child, /SPACEX_GRAPHQL_URL=.*\n/)
    assert.match(shown, /^ {2}SPACEX_URL=http:\/\/127\.0\.0\.1:\d+$/m)
    const wrong = await groundstation(['simulate', 'spacex', '--faults', 'everything'])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /'everything' is no fault/)
  })

  test('refuses what is missing', async () => {
    for (const args of [['rockets'], ['vehicles'], ['submarines']])
      assert.equal((await groundstation(['simulate', ...args])).code, 2)
  })
})
