import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { causeOf } from '../../src/engine/fold-cause.ts'
import { SkipNotes } from '../../src/engine/skips.ts'
import { defineFeed, Type } from '../../src/index.ts'
import { countFeeds } from '../../src/store/read/feeds.ts'
import { newGround } from './ground.ts'

const SECRET = 'a secret of the event\n    at Object.evolve (/a/secret:1:2)'

type Typo = { readonly by: number; readonly what?: string | undefined }

const feed = defineFeed({
  name: 'typo',
  source: { kind: 'http', path: '/typo' },
  event: Type.Object({
    key: Type.String(),
    number: Type.Integer({ minimum: 1 }),
    by: Type.Integer(),
    what: Type.Optional(Type.String()),
  }),
  identity: { key: 'key', sequence: 'number' },
  state: {
    path: '/typo',
    key: 'key',
    schema: Type.Object({ sum: Type.Integer() }),
    initial: { sum: 0 },
    evolve: (state, { by, what }: Typo) => {
      if (what === 'message') throw new RangeError(SECRET)
      if (what === 'parse') return JSON.parse(SECRET)
      if (what === 'schema') return { sum: SECRET as unknown as number }
      if (what === 'hostile')
        throw Object.defineProperty(new Error('x'), 'stack', {
          get: () => {
            throw new TypeError('no')
          },
        })
      return { sum: state.sum + (by === 0 ? (undefined as unknown as { length: number }).length : by) }
    },
  },
})

const event = (number: number, more: object = {}) => JSON.stringify({ key: SECRET, number, by: 1, ...more })

describe('an event that is skipped', () => {
  it('rule 9: is told in the log, once for each place that throws, with its dead letter and nothing of the event', async () => {
    const lines: string[] = []
    const log = (level: string, message: string) => lines.push(`${level}: ${message}`)
    const ground = await newGround([feed], { log })
    const typos = Array.from({ length: 50 }, (_, index) => event(index + 1, { by: 0 }))
    await ground.send('typo', ...typos)
    await ground.send('typo', event(51, { by: 0 }), event(52))
    const place = `${import.meta.filename}:\\d+:\\d+`
    const [line = ''] = lines
    assert.match(
      line,
      new RegExp(`^warn: .*feed typo failed.*skipped: TypeError at ${place}\\. .*dead-letters typo show \\d+$`),
    )
    const letter = Number(/\d+$/.exec(line)?.[0])
    const [row] = await ground.rows('select reason, sequence from groundstation.dead_letters where id = $1', letter)
    assert.deepEqual(row, { reason: 'fold', sequence: 1 })
    assert.equal(lines.length, 1)

    const others = ['message', 'parse', 'schema', 'hostile']
    for (const [index, what] of others.entries()) await ground.send('typo', event(53 + index, { what }))
    assert.equal(lines.length, 5)
    assert.match(lines[1] ?? '', new RegExp(`: RangeError at ${place}\\. `))
    assert.match(lines[2] ?? '', new RegExp(`: SyntaxError at ${place}\\. `))
    assert.match(lines[3] ?? '', /: TypeError\. /)
    for (const one of lines) assert.doesNotMatch(one, /secret/)
    assert.equal((await countFeeds(ground.store.query)).get('typo')?.skipped, 55)
  })

  it('is told again after a minute, with how many there were meanwhile, and causes without end as one', () => {
    const notes = new SkipNotes('typo')
    const told = (nowMs: number, ...causes: string[]) =>
      notes.add(
        causes.map((cause, index) => ({ cause, letter: index })),
        nowMs,
      )
    assert.equal(told(0, 'a', 'a', 'b').length, 2)
    assert.equal(told(59_999, 'a').length, 0)
    const [again = '', ...others] = told(60_000, 'a', 'a')
    assert.match(again, /\(2 more since/)
    assert.equal(others.length, 0)
    const many = Array.from({ length: 1_000 }, (_, index) => `cause ${index}`)
    assert.equal(told(60_000, ...many).length, 19)
  })

  it('whatever is thrown has a cause', () => {
    class Odd extends Error {}
    Object.defineProperty(Odd, 'name', { value: SECRET })
    const thrown = [undefined, null, 'text', Object.create(null), new Odd(), Object.create(Error.prototype)]
    assert.deepEqual(
      thrown.map(one => causeOf(one).replace(/ at .*/, '')),
      ['a thrown undefined', 'a thrown object', 'a thrown string', 'a thrown object', 'Error', 'Error'],
    )
  })
})
