import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileAccess, covers, ROLES } from '../../src/feed/access.ts'

describe('access', () => {
  const cases = [
    [undefined, undefined],
    [{}, { read: 'reader', post: 'writer', operate: 'operator' }],
    [{ default: 'reader' }, { read: 'reader', post: 'writer', operate: 'operator' }],
    [{ default: 'open' }, { read: 'open', post: 'open', operate: 'operator' }],
    [{ default: 'operator' }, { read: 'operator', post: 'operator', operate: 'operator' }],
    [{ default: 'administrator' }, { read: 'administrator', post: 'administrator', operate: 'administrator' }],
    [{ post: 'open' }, { read: 'reader', post: 'open', operate: 'operator' }],
    [
      { read: 'open', default: 'administrator' },
      { read: 'open', post: 'administrator', operate: 'administrator' },
    ],
  ] as const
  for (const [declared, expected] of cases)
    it(`of ${JSON.stringify(declared)} is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(compileAccess(declared, false, []), expected)
    })

  it('to post is by signature where posts are signed, and by token where both are wanted', () => {
    assert.equal(compileAccess({ default: 'reader' }, true, [])?.post, 'open')
    assert.equal(compileAccess({ post: 'writer' }, true, [])?.post, 'writer')
  })

  it('of a role covers what the role may do, and no more', () => {
    assert.deepEqual(
      ROLES.map(role => [role, ROLES.filter(needed => covers(role, needed))]),
      [
        ['reader', ['reader']],
        ['writer', ['writer']],
        ['operator', ['reader', 'writer', 'operator']],
        ['administrator', ['reader', 'writer', 'operator', 'administrator']],
      ],
    )
  })
})
