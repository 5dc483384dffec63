import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom, type Random } from '../../simulators/rockets/random.ts'
import { type Difference, differences } from '../../src/feed/difference.ts'
import { seedOf } from '../seed.ts'

describe('what differs between two values', () => {
  it('is told by place: what appears has no from, what vanishes no to', () => {
    const from = { a: 1, gone: null, list: [1, 2, 3], deep: { 'x/y~z': [{ b: true }] }, kind: [] }
    const to = { a: 1.0, new: null, list: [1, 3], deep: { 'x/y~z': [{ b: false }] }, kind: {} }
    assert.deepEqual(differences(from, to), [
      { pointer: '/deep/x~1y~0z/0/b', from: true, to: false },
      { pointer: '/gone', from: null },
      { pointer: '/kind', from: [], to: {} },
      { pointer: '/list/1', from: 2, to: 3 },
      { pointer: '/list/2', from: 3 },
      { pointer: '/new', to: null },
    ])
  })

  it('compares numbers as numbers, and nothing else with them', () => {
    const texts = ['{"a":[0,-0,1e2,1.50,"1",null]}', '{"a":[-0,0,100,1.5,1,0]}']
    const [from, to] = texts.map(text => JSON.parse(text) as object)
    assert.deepEqual(differences(from, to), [
      { pointer: '/a/4', from: '1', to: 1 },
      { pointer: '/a/5', from: null, to: 0 },
    ])
  })

  it('has no trouble with names that objects inherit', () => {
    const parse = (json: string) => JSON.parse(json) as object
    assert.deepEqual(differences(parse('{}'), parse('{"__proto__":1,"toString":2}')), [
      { pointer: '/__proto__', to: 1 },
      { pointer: '/toString', to: 2 },
    ])
    assert.deepEqual(differences(parse('{"__proto__":{"a":1}}'), parse('{"__proto__":{"a":2}}')), [
      { pointer: '/__proto__/a', from: 1, to: 2 },
    ])
  })

  it('makes one value of the other, whatever they are', t => {
    const random = createRandom(seedOf(t, import.meta.filename), 'values')
    for (let round = 0; round < 500; round++) {
      const [from, to] = [{ root: chanceOf(random, 4) }, { root: chanceOf(random, 4) }]
      const changes = differences(from, to)
      assert.deepEqual(patched(from, changes), to)
      assert.deepEqual(differences(to, to), [])
    }
  })
})

/** A patch of its own: from the last place to the first, so that what vanishes from a list's end does so in order. */
function patched(value: object, changes: readonly Difference[]): unknown {
  const root = structuredClone(value) as Record<string, unknown>
  const vanishing = changes.filter(change => !('to' in change)).reverse()
  for (const change of [...changes.filter(one => 'to' in one), ...vanishing]) {
    const names = change.pointer.slice(1).split('/')
    const last = names.pop() ?? ''
    const place = names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], root)
    if (Array.isArray(place) && !('to' in change)) place.pop()
    else if ('to' in change) (place as Record<string, unknown>)[last] = structuredClone(change.to)
    else delete (place as Record<string, unknown>)[last]
  }
  return root
}

function chanceOf(random: Random, depth: number): unknown {
  const kind = random.below(depth === 0 ? 3 : 5)
  if (kind === 0) return random.below(3)
  if (kind === 1) return ['a', 'b'][random.below(2)]
  if (kind === 2) return [null, true][random.below(2)]
  const items = Array.from({ length: random.below(4) }, () => chanceOf(random, depth - 1))
  return kind === 3 ? items : Object.fromEntries(items.map(item => ['abcd'[random.below(4)], item]))
}
