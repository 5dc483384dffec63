import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import rockets from '../../feeds/rockets.ts'
import { freshDatabase } from '../database.ts'
import { counterFeed, event } from './counter.ts'
import { openGround } from './ground.ts'

const url = await freshDatabase({ after })
const ground = await openGround(url, [rockets, counterFeed(), counterFeed({ name: 'sparse', sparse: true })])
const channel = '193270a9-c9cf-404a-8f83-838e71d9ae67'
const rocket = (by: string, time = '2022-02-02T19:39:05.86337+01:00', number = 2) =>
  `{"metadata":{"channel":"${channel}","messageNumber":${number},"messageTime":"${time}","messageType":"RocketSpeedIncreased"},"message":{"by":${by}}}`

async function outcomes(feed: string, ...events: string[]): Promise<string[]> {
  return (await ground.send(feed, ...events)).map(({ outcome }) => outcome)
}

describe('what comes again', () => {
  const AGAIN: readonly (readonly [string, string, string, string])[] = [
    ['the same bytes', rocket('5'), rocket('5'), 'duplicate'],
    ['another time', rocket('5'), rocket('5', '2023-01-01T00:00:00Z'), 'duplicate'],
    ['capitals in its UUID', rocket('5'), rocket('5').replace(channel, channel.toUpperCase()), 'conflict'],
    ['5.0 for 5', rocket('5'), rocket('5.0'), 'duplicate'],
    ['other content', rocket('5'), rocket('6'), 'conflict'],
    ['another order of its keys', event('o', 1, 2), '{"add":2,"number":1,"key":"o"}', 'duplicate'],
    ['a property more', event('p', 1, 2), '{"key":"p","number":1,"add":2,"x":null}', 'conflict'],
    [
      '2^53 + 1 for 2^53',
      '{"key":"q","number":1,"add":1,"x":9007199254740992}',
      '{"key":"q","number":1,"add":1,"x":9007199254740993}',
      'conflict',
    ],
    [
      '2^53 + 1 again',
      '{"key":"r","number":1,"add":1,"x":9007199254740993}',
      '{"key":"r","number":1,"x":9007199254740993,"add":1}',
      'duplicate',
    ],
    [
      'a fraction that only its 20th digit tells apart',
      '{"key":"s","number":1,"add":1,"x":0.12345678901234567891}',
      '{"key":"s","number":1,"add":1,"x":0.12345678901234567892}',
      'conflict',
    ],
    [
      '__proto__ with other content',
      '{"key":"t","number":1,"add":1,"__proto__":{"x":1}}',
      '{"key":"t","number":1,"add":1,"__proto__":{"x":2}}',
      'conflict',
    ],
  ]
  for (const [index, [name, first, second, expected]] of AGAIN.entries())
    for (const apart of [true, false])
      it(`rule 4: with ${name} is a ${expected}, ${apart ? 'in a later batch' : 'in the same'}`, async () => {
        const feed = first.includes('metadata') ? 'rockets' : 'counter'
        const unlike = (json: string) =>
          json
            .replaceAll(channel, `${index}${apart ? 'a' : 'b'}000000-0000-4000-8000-000000000000`.slice(-36))
            .replaceAll(
              channel.toUpperCase(),
              `${index}${apart ? 'A' : 'B'}000000-0000-4000-8000-000000000000`.slice(-36),
            )
            .replace('"key":"', `"key":"${apart}`)
            .replace('"messageNumber":2', '"messageNumber":1')
        const told = apart
          ? [...(await outcomes(feed, unlike(first))), ...(await outcomes(feed, unlike(second)))]
          : await outcomes(feed, unlike(first), unlike(second))
        assert.deepEqual(told, ['accepted', expected])
      })

  it('rule 4: is a duplicate of what is held, or a conflict with it, and the first stays', async () => {
    assert.deepEqual(await outcomes('counter', event('held', 3, 1)), ['held'])
    assert.deepEqual(await outcomes('counter', event('held', 3, 1), event('held', 3, 2)), ['duplicate', 'conflict'])
    await outcomes('counter', event('held', 1), event('held', 2))
    assert.equal(await ground.value("select add from counter_rows where key = 'held' and number = 3"), 1)
    assert.deepEqual(
      await ground.rows("select reason, count, status from groundstation.dead_letters where key = 'held'"),
      [{ reason: 'conflict', count: 1, status: 'open' }],
    )
  })

  it('rule 4: held and filled in one batch is accepted', async () => {
    assert.deepEqual(await outcomes('counter', event('z', 2), event('z', 1), event('z', 4)), [
      'accepted',
      'accepted',
      'held',
    ])
  })

  it('rule 5: in a sparse feed late numbers are taken once, alone or beside new ones', async () => {
    assert.deepEqual(await outcomes('sparse', event('a', 10), event('a', 3)), ['accepted', 'accepted'])
    assert.deepEqual(await outcomes('sparse', event('a', 5), event('a', 5), event('a', 11)), [
      'accepted',
      'duplicate',
      'accepted',
    ])
    assert.deepEqual(await outcomes('sparse', event('a', 7), event('a', 11), event('a', 12), event('a', 7, 1)), [
      'accepted',
      'duplicate',
      'accepted',
      'conflict',
    ])
    assert.deepEqual(await outcomes('sparse', event('a', 5), event('a', 7)), ['duplicate', 'duplicate'])
    assert.deepEqual(
      (await ground.rows("select number from sparse_rows where key = 'a' order by number")).map(row => row.number),
      [3, 5, 7, 10, 11, 12],
    )
    assert.equal(
      await ground.value("select state ->> 'path' from groundstation.key where key = 'a'"),
      ',3,5,7,10,11,12',
    )
    assert.equal(await ground.value("select count(*) from groundstation.gaps where feed = 'sparse'"), 0)
  })
})
