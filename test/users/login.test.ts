import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { LoginCounter, networkOf } from '../../src/users/login-limits.ts'
import { fitsPassword, HashQueue, hashPassword } from '../../src/users/passwords.ts'
import { createUsers } from '../../src/users/users.ts'
import { freshDatabase } from '../database.ts'

const SECRET = 's'.repeat(32)
const closing: (() => Promise<void>)[] = []
after(async () => {
  for (const close of closing.reverse()) await close()
})
const store = await openStore(await freshDatabase({ after: drop => closing.push(drop) }))
closing.push(() => store.close())
const { query } = store

const users = createUsers({ query, secret: SECRET, limits: { perAccountMax: 3, perAddressMax: 6 } })
const PASSWORD = 'correct horse'
const fields = { name: '', lastname: '', email: '', role: 'reader', password: PASSWORD } as const
const outcomeOf = async (username: string, password: string, address: string, asked = users) =>
  (await asked.check({ username, password, address })).outcome

describe('logins are limited', () => {
  test('by account, known or not, from wherever they come; the right password too', async () => {
    await users.add({ ...fields, username: 'ana' })
    for (const username of ['ana', 'nobody']) {
      for (const at of [1, 2, 3]) assert.equal(await outcomeOf(username, 'wrong horse', `10.0.0.${at}`), 'wrong')
      assert.equal(await outcomeOf(username.toUpperCase(), PASSWORD, '10.0.0.4'), 'limited')
    }
    const limited = await users.check({ username: 'ana', password: PASSWORD, address: '10.0.0.5' })
    assert.ok(limited.outcome === 'limited' && limited.retryAfter > 890 && limited.retryAfter <= 900)
  })

  test('by address, whatever the accounts, and then against no account', async () => {
    await users.add({ ...fields, username: 'bo' })
    for (let at = 0; at < 6; at++) assert.equal(await outcomeOf(`name-${at}`, 'wrong horse', '10.1.0.1'), 'wrong')
    for (let at = 0; at < 6; at++) assert.equal(await outcomeOf('bo', 'wrong horse', '10.1.0.1'), 'limited')
    assert.equal(await outcomeOf('bo', PASSWORD, '10.1.0.2'), 'right')
  })

  test('by another process on the same database as well', async () => {
    const other = createUsers({ query, secret: SECRET, limits: { perAccountMax: 3, perAddressMax: 6 } })
    assert.equal(await outcomeOf('ana', PASSWORD, '10.2.0.1', other), 'limited')
  })

  test('and all at once, no more are looked at', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) => outcomeOf('many', 'wrong horse', `10.3.0.${at}`)),
    )
    assert.equal(all.filter(outcome => outcome === 'wrong').length, 3)
  })

  test('but right ones count for nothing', async () => {
    await users.add({ ...fields, username: 'carl' })
    for (let at = 0; at < 10; at++) assert.equal(await outcomeOf('carl', PASSWORD, '10.4.0.1'), 'right')
    for (const _ of [1, 2]) assert.equal(await outcomeOf('carl', 'wrong horse', '10.4.0.1'), 'wrong')
    assert.equal(await outcomeOf('carl', PASSWORD, '10.4.0.1'), 'right')
    for (const _ of [1, 2, 3]) assert.equal(await outcomeOf('carl', 'wrong horse', '10.4.0.1'), 'wrong')
  })

  test('until the window is over', async () => {
    const counter = new LoginCounter(query, SECRET, { windowSeconds: 0, perAccountMax: 1, perAddressMax: 1 })
    const attempt = { usernameKey: 'dora', address: '10.5.0.1' }
    for (const _ of [1, 2, 3]) assert.equal(await counter.take(attempt), undefined)
  })

  test('and what was typed is in the database by a keyed digest only', async () => {
    const { rows } = await query('select subject from groundstation.login_attempt', [])
    const plain = createHash('sha256').update('account nobody').digest()
    const keyed = createHmac('sha256', SECRET).update('account nobody').digest()
    const subjects = rows.map(({ subject }) => subject as Buffer)
    assert.ok(subjects.length > 10 && subjects.every(subject => subject.length === 32))
    assert.ok(subjects.some(subject => subject.equals(keyed)) && !subjects.some(subject => subject.equals(plain)))
  })
})

describe('a password', () => {
  test('of an unknown name is hashed as well', async () => {
    const known = await hashPassword(PASSWORD)
    assert.equal(await fitsPassword(PASSWORD, known), true)
    const timeOf = async (hash: string | undefined) => {
      const startMs = performance.now()
      assert.equal(await fitsPassword('wrong horse', hash), false)
      return performance.now() - startMs
    }
    const least = async (hash: string | undefined) =>
      Math.min(await timeOf(hash), await timeOf(hash), await timeOf(hash))
    await timeOf(undefined)
    const [right, unknown] = [await least(known), await least(undefined)]
    assert.ok(unknown > right / 2, `${unknown} ms where a known name takes ${right} ms`)
  })

  test('waits for its turn in a bounded queue, and a full one refuses', async () => {
    const queue = new HashQueue(2)
    const order: number[] = []
    let running = 0
    const work = (number: number) => async () => {
      assert.equal(++running, 1)
      await new Promise(setImmediate)
      running--
      order.push(number)
      if (number === 2) throw new TypeError('of the work')
    }
    const all = [1, 2, 3].map(number => queue.run(work(number)).catch((error: Error) => error.name))
    assert.throws(() => queue.run(work(4)), { code: 'TOO_MANY_REQUESTS' })
    assert.deepEqual(await Promise.all(all), [undefined, 'TypeError', undefined])
    await queue.run(work(5))
    assert.deepEqual(order, [1, 2, 3, 5])
  })
})

test('an address of IPv6 stands for its network', () => {
  for (const [address, network] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '0:0:0:0'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0DB8:0001:0002:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const)
    assert.equal(networkOf(address), network)
})
