import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isLoopback, readSettings } from '../../src/settings/settings.ts'
import { folderWith } from '../cli/program.ts'

const refused = (message: RegExp) => ({ code: 'SETTING_INVALID', message })

describe('settings', () => {
  test('are the defaults where nothing is set', async t => {
    const cwd = await folderWith(t)
    const { home, host, port, logLevel, databaseUrl, limits } = await readSettings({}, cwd)
    assert.deepEqual(
      { home, host, port, logLevel, databaseUrl },
      { home: `${cwd}/.groundstation`, host: '127.0.0.1', port: 8088, logLevel: 'info', databaseUrl: undefined },
    )
    assert.equal(limits.eventBytesMax, 1_048_576)
  })

  test('come from flags first, then the environment, then .env', async t => {
    const cwd = await folderWith(t, { '.env': 'PORT=1\nHOST=::1\nLOG_LEVEL="debug"\nKAFKA_BROKERS=a:9092, b:9092\n' })
    const settings = await readSettings({ PORT: '2', HOST: 'localhost' }, cwd, { port: '3' })
    assert.equal(settings.port, 3)
    assert.equal(settings.host, 'localhost')
    assert.equal(settings.logLevel, 'debug')
    assert.deepEqual(settings.kafka?.brokers, ['a:9092', 'b:9092'])
  })

  test('come from a file by NAME_FILE, and an empty one is none', async t => {
    const secret = 's'.repeat(40)
    const cwd = await folderWith(t, { secret: `${secret}\n` })
    const settings = await readSettings({ GROUNDSTATION_SECRET_FILE: 'secret', DATABASE_URL: '', PORT: ' ' }, cwd)
    assert.equal(settings.secret, secret)
    assert.equal(settings.databaseUrl, undefined)
    assert.equal(settings.port, 8088)
  })

  test('take URLs of several hosts', async t => {
    const cwd = await folderWith(t)
    const url = 'mongodb://user:pass@one:27017,two:27017/?replicaSet=rs0'
    assert.equal((await readSettings({ MONGODB_URL: url }, cwd)).mongodbUrl, url)
  })

  const bad: [string, Record<string, string>, RegExp][] = [
    ['a port that is none', { PORT: 'http' }, /^PORT \(--port\) is 'http' in the environment: expected a port from 0/],
    ['a port too high', { PORT: '65536' }, /PORT.*65536/],
    ['a level that is none', { LOG_LEVEL: 'loud' }, /LOG_LEVEL.*'loud'.*expected one of fatal/],
    ['a host that is a URL', { HOST: 'http://x' }, /HOST.*expected an address/],
    ['brokers without a port', { KAFKA_BROKERS: 'kafka' }, /KAFKA_BROKERS is 'kafka'.*host:port/],
    ['a limit that is none', { EVENT_BYTES_MAX: '1MB' }, /EVENT_BYTES_MAX is '1MB'/],
    ['a name twice', { PORT: '1', PORT_FILE: 'x' }, /PORT and PORT_FILE are both set/],
    ['a file that is not there', { PORT_FILE: 'nowhere' }, /PORT_FILE is 'nowhere'.*expected a file/],
  ]
  for (const [name, env, message] of bad)
    test(`refuse ${name}`, async t => {
      await assert.rejects(readSettings(env, await folderWith(t)), refused(message))
    })

  test('never show a secret', async t => {
    const cwd = await folderWith(t)
    for (const env of [{ GROUNDSTATION_SECRET: 'hunter2' }, { DATABASE_URL: 'mysql://me:hunter2@host/db' }])
      await assert.rejects(readSettings(env, cwd), error => {
        assert.ok(error instanceof Error)
        assert.match(error.message, /characters, not shown/)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      })
  })
})

test('loopback is told from other addresses', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) assert.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org'])
    assert.ok(!isLoopback(host), host)
})
