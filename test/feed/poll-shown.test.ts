import assert from 'node:assert/strict'
import { it } from 'node:test'
import { env, poll } from 'groundstation'
import { compilePoll } from '../../src/feed/poll.ts'

it('of a polled address that is a setting the words that say what speaks there are shown, and nothing that may be a token', () => {
  const shown = (url: string, path = '/things') => {
    const compiled = compilePoll(poll({ url: env('URL'), path, every: '1h' }), new Map([['URL', url]]))
    return 'poll' in compiled ? compiled.poll.shown : undefined
  }
  assert.equal(shown('http://127.0.0.1:8490/graphql', ''), 'http://127.0.0.1:8490/graphql')
  assert.equal(shown('https://shop.example/api/v4/', '/things?key=secret'), 'https://shop.example/api/v4/things')
  assert.equal(shown('https://ana:secret@shop.example'), 'https://shop.example/things')
  assert.equal(shown('https://shop.example/T0ken'), 'https://shop.example/things')
  assert.equal(shown('https://shop.example/api/v123'), 'https://shop.example/things')
  assert.equal(shown('https://shop.example/graphql?key=secret', ''), 'https://shop.example/graphql')
})
