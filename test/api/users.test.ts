import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { userTokens } from '../../src/users/user-token.ts'
import { type Answer, get, SECRET, type Served, send, serve } from './serve.ts'

const served = await serve()
const { url, as } = served

const person = { name: 'Ana', lastname: 'Paz', email: 'ana@example.org' }
const PASSWORD = 'correct horse'

const add = (fields: object, headers: Record<string, string> = as.administrator) =>
  send(`${url}/users`, JSON.stringify(fields), { 'content-type': 'application/json', ...headers })
const addUser = async (username: string, more: object = {}) => {
  const { status, body, text } = await add({ username, ...person, password: PASSWORD, ...more })
  assert.equal(status, 201, text)
  return String(body.id)
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const login = (username: string, password: string, { url: at }: Pick<Served, 'url'> = served) =>
  fetch(`${at}/login`, { method: 'POST', headers: FORM, body: new URLSearchParams({ username, password }).toString() })
const tokenOf = async (username: string, password = PASSWORD) => {
  const response = await login(username, password)
  const body = (await response.json()) as Record<string, string>
  assert.equal(response.status, 200, JSON.stringify(body))
  return { authorization: `Bearer ${body.access_token}` }
}
const change = (headers: Record<string, string>, body: object): Promise<Answer> =>
  send(`${url}/users/me/password`, JSON.stringify(body), { 'content-type': 'application/json', ...headers }, 'PUT')

describe('a user', () => {
  test('is made by an administrator, a reader where nothing else is said, and listed', async () => {
    const ana = await addUser('ana')
    await addUser('otto', { role: 'operator' })
    const { body } = await get<{ data: Record<string, unknown>[] }>(`${url}/users`, as.administrator)
    const [first] = body.data
    assert.match(String(first?.createdAt), /^\d{4}-.*Z$/)
    assert.deepEqual(body, {
      skip: 0,
      limit: 100,
      size: 2,
      data: [{ id: ana, username: 'ana', ...person, role: 'reader', createdAt: first?.createdAt }, body.data[1]],
    })
    const second = await get<{ data: unknown[] }>(`${url}/users?skip=1&limit=1`, as.administrator)
    assert.deepEqual(second.body, { skip: 1, limit: 1, size: 1, data: [body.data[1]] })
    assert.equal((await get(`${url}/users?limit=0`, as.administrator)).status, 400)
  })

  test('has a name of its own, whatever its capitals', async () => {
    await addUser('Żuk')
    for (const username of ['żuk', 'ŻUK', 'Z\u0307uk']) {
      const { status, body } = await add({ username, ...person, password: PASSWORD })
      assert.deepEqual([status, body.type], [409, 'urn:groundstation:name-taken'])
    }
    assert.equal((await login('żUK', PASSWORD)).status, 200)
  })

  const whole = { username: 'x', ...person, password: PASSWORD }
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ...Object.keys(whole).map(field => [`no ${field}`, { ...whole, [field]: undefined }, new RegExp(field)] as const),
    ['a short password', { ...whole, password: 'seven77' }, /at least 8/],
    ['an endless password', { ...whole, password: 'x'.repeat(1025) }, /at most 1024/],
    ['half a letter in it', { ...whole, password: `eight888\ud800` }, /text/],
    ['a name with a blank', { ...whole, username: 'a b' }, /username/],
    ['a name with a zero', { ...whole, username: 'a\u0000b' }, /username/],
    ['an endless name', { ...whole, username: 'x'.repeat(201) }, /username/],
    ['an address that is none', { ...whole, email: 'nowhere' }, /email/],
    ['an unknown role', { ...whole, role: 'root' }, /role is one of reader/],
    ['a list', [whole], /object/],
  ]
  for (const [name, fields, words] of refused)
    test(`is refused with ${name}`, async () => {
      const { status, body } = await add(fields)
      assert.equal(status, 400)
      assert.match(String(body.detail), words)
    })

  test('is never told by its password or hash', async () => {
    const { text } = await get(`${url}/users`, as.administrator)
    assert.doesNotMatch(text, /argon2|password|correct/i)
    const rows = await served.rows('select password_hash from groundstation.account')
    for (const { password_hash } of rows) assert.match(String(password_hash), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })
})

describe('a login', () => {
  test('gives a token that is good for what the role may do', async () => {
    await addUser('reader')
    const response = await login('Reader', PASSWORD)
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const body = (await response.json()) as Record<string, string>
    assert.deepEqual(Object.keys(body), ['access_token', 'token_type'])
    assert.equal(body.token_type, 'bearer')
    const token = { authorization: `Bearer ${body.access_token}` }
    assert.equal((await get(`${url}/detections`, token)).status, 200)
    assert.equal((await get(`${url}/users`, token)).status, 403)
  })

  test('has one answer for an unknown name and a wrong password', async () => {
    await addUser('known')
    const answers = await Promise.all([login('known', 'wrong horse'), login('nobody', 'wrong horse')])
    const [known, unknown] = await Promise.all(
      answers.map(async one => [one.status, one.headers.get('www-authenticate'), await one.text()] as const),
    )
    assert.deepEqual(known, unknown)
    assert.deepEqual(known?.slice(0, 2), [401, 'Bearer'])
  })

  test('takes a form with both fields once, and nothing larger', async () => {
    const post = async (body: string, type = FORM['content-type'], more: Record<string, string> = {}) =>
      (await fetch(`${url}/login`, { method: 'POST', headers: { 'content-type': type, ...more }, body })).status
    assert.equal(await post('username=known'), 400)
    assert.equal(await post('username=known&password=a&password=b'), 400)
    assert.equal(await post('username=%00&password=a'), 400)
    assert.equal(await post('username=%FF&password=%FF'), 401)
    assert.equal(await post('username=known&password=wrong', `${FORM['content-type']}; charset=utf-8`), 401)
    assert.equal(await post(JSON.stringify({ username: 'known', password: PASSWORD }), 'application/json'), 415)
    assert.equal(await post('username=known', FORM['content-type'], { 'content-encoding': 'gzip' }), 415)
    assert.equal(await post(`username=known&password=${'x'.repeat(20_000)}`), 413)
    // Swagger UI sends the client's own name, which there is none of, as a Basic header.
    const more = { authorization: 'Basic Og==' }
    assert.equal(await post(`grant_type=password&username=known&password=correct+horse`, undefined, more), 200)
    assert.equal((await fetch(`${url}/login?username=known&password=${PASSWORD}`)).status, 405)
  })
})

describe("a user's token", () => {
  const still = async (token: { authorization: string }) => (await get(`${url}/detections`, token)).status
  const ends = async (token: { authorization: string }) => {
    const startMs = performance.now()
    while ((await still(token)) !== 401) assert.ok(performance.now() - startMs < 2_000)
  }

  test('ends with a new password, and the new one is good', async () => {
    await addUser('changing')
    const [old, older] = [await tokenOf('changing'), await tokenOf('changing')]
    assert.deepEqual([await still(old), await still(older)], [200, 200])
    assert.equal((await change(old, { current: 'wrong horse', password: 'battery staple' })).status, 403)
    assert.equal((await change(old, { current: PASSWORD, password: 'short' })).status, 400)
    assert.equal((await change(old, { current: PASSWORD })).status, 400)
    assert.equal(await still(old), 200)
    assert.equal((await change(old, { current: PASSWORD, password: 'battery staple' })).status, 204)
    await ends(old)
    await ends(older)
    assert.equal((await login('changing', PASSWORD)).status, 401)
    assert.equal(await still(await tokenOf('changing', 'battery staple')), 200)
  })

  test('ends with the user', async () => {
    await addUser('leaving')
    const token = await tokenOf('leaving')
    assert.equal(await still(token), 200)
    await served.rows('delete from groundstation.account where username = $1', 'leaving')
    await ends(token)
  })

  test('has the role that the user has now', async () => {
    await addUser('rising')
    const token = await tokenOf('rising')
    assert.equal((await get(`${url}/users`, token)).status, 403)
    await served.rows(`update groundstation.account set role = 'administrator' where username = $1`, 'rising')
    const startMs = performance.now()
    while ((await get(`${url}/users`, token)).status !== 200) assert.ok(performance.now() - startMs < 2_000)
  })

  test('of somebody who never was is none, though well signed', async () => {
    const token = await userTokens(SECRET).sign({ id: randomUUID(), version: 1 })
    assert.equal(await still({ authorization: `Bearer ${token}` }), 401)
  })
})

test('no route makes the first administrator', async () => {
  const empty = await serve()
  for (const path of ['/admin', '/users', '/users/me', '/login', '/register', '/setup'])
    for (const method of ['GET', 'POST', 'PUT']) {
      const body = method === 'GET' ? null : JSON.stringify({ username: 'a', ...person, password: PASSWORD })
      const { status } = await fetch(`${empty.url}${path}`, {
        method,
        body,
        headers: { 'content-type': 'application/json' },
      })
      assert.ok(status >= 400, `${method} ${path}: ${status}`)
    }
  assert.deepEqual(await empty.rows('select * from groundstation.account'), [])
  assert.deepEqual(served.faults, [])
})
