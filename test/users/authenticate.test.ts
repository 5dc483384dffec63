import assert from 'node:assert/strict'
import { after, beforeEach, describe, mock, test } from 'node:test'
import { GroundstationError } from '../../src/errors.ts'
import type { Query } from '../../src/store/read/query.ts'
import { openStore } from '../../src/store/store.ts'
import { insertToken, revokeToken } from '../../src/store/users/machine-tokens.ts'
import { authenticator, REMEMBERED_MS } from '../../src/users/authenticate.ts'
import { digestOf, newMachineToken } from '../../src/users/machine-token.ts'
import { userTokens } from '../../src/users/user-token.ts'
import { addAccount } from '../../src/users/users.ts'
import { freshDatabase } from '../database.ts'

const MINUTE_MS = 60_000
const store = await openStore(await freshDatabase({ after }), { connectionsMax: 2 })
after(() => store.close())
const tokens = userTokens('s'.repeat(32))
const person = { name: '', lastname: '', email: '', role: 'writer', password: 'correct horse' } as const
const user = await tokens.sign({ id: await addAccount(store.query, { ...person, username: 'ana' }), version: 1 })

let failure: Error | undefined
let isSilent = false
/** The database, which can be gone, or say nothing. */
const query: Query = (text, values, name) =>
  failure !== undefined
    ? Promise.reject(failure)
    : isSilent
      ? new Promise(() => undefined)
      : store.query(text, values, name)
const gone = new GroundstationError('STORE_UNREACHABLE', 'gone')

/** Time goes on only when it is told to, so that minutes cost nothing. */
let passedMs = 0
const now = performance.now.bind(performance)
mock.method(performance, 'now', () => now() + passedMs)

async function machine(name: string): Promise<string> {
  const token = newMachineToken()
  await insertToken(store.query, { name, role: 'writer', digest: digestOf(token) })
  return token
}

beforeEach(() => {
  failure = undefined
  isSilent = false
})

describe('while the database is gone, a token', () => {
  for (const [kind, make] of [
    ['of a user', async () => user],
    ['of a machine', () => machine('camera')],
  ] as const)
    test(`${kind} that was good lately is good for ten minutes, and no longer`, async () => {
      const identify = authenticator(query, tokens)
      const token = await make()
      const before = await identify(token)
      assert.equal(before?.role, 'writer')
      failure = gone
      for (const ms of [REMEMBERED_MS, 5 * MINUTE_MS, 4 * MINUTE_MS]) {
        passedMs += ms
        assert.deepEqual(await identify(token), before)
      }
      passedMs += MINUTE_MS
      await assert.rejects(identify(token), { code: 'STORE_UNREACHABLE' })
      failure = undefined
      assert.deepEqual(await identify(token), before)
    })

  test('that nobody has shown is not known, and one that was no good is none', async () => {
    const identify = authenticator(query, tokens)
    const [fresh, revoked] = [await machine('fresh'), await machine('revoked')]
    await identify(revoked)
    await revokeToken(store.query, 'revoked')
    passedMs += REMEMBERED_MS
    assert.equal(await identify(revoked), undefined)
    failure = gone
    passedMs += REMEMBERED_MS
    await assert.rejects(identify(revoked), { code: 'STORE_UNREACHABLE' })
    await assert.rejects(identify(fresh), { code: 'STORE_UNREACHABLE' })
  })

  test('is waited for two seconds where the database says nothing at all', async () => {
    const identify = authenticator(query, tokens)
    const before = await identify(user)
    isSilent = true
    passedMs += REMEMBERED_MS
    const startMs = now()
    assert.deepEqual(await identify(user), before)
    assert.ok(now() - startMs < 4_000)
  })

  test('is told what else fails', async () => {
    const identify = authenticator(query, tokens)
    await identify(user)
    failure = new TypeError('of a bug')
    passedMs += REMEMBERED_MS
    await assert.rejects(identify(user), TypeError)
  })
})
