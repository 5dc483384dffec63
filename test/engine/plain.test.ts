import assert from 'node:assert/strict'
import { it } from 'node:test'
import { foldJobs } from '../../src/engine/fold.ts'
import { plainlyEnds } from '../../src/engine/plain.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import { defineFeed, http, Type } from '../../src/index.ts'

const endless: readonly ((state: never, event: never) => unknown)[] = [
  () => {
    for (;;);
  },
  () => {
    while (true);
  },
  (state: { n: number }) => [1].map(() => state.n),
  (state: { text: string }) => /(a+)+$/.test(state.text),
  (state: { text: string }) => state.text.repeat(1e9),
  () => process.exit(),
  () => (() => 1)(),
  (state: { go: () => void }) => state.go?.(),
  (state: { list: (() => void)[] }) => state.list[0]?.(),
  (state: { tag: (parts: TemplateStringsArray) => string }) => state.tag`x`,
  () => new Array(2 ** 30),
]
const plain: readonly ((state: never, event: never) => unknown)[] = [
  (state: { n: number }) => ({ ...state, n: state.n + 1 }),
  (state: { n: number }, { by }: { by: number }) => ({ ...state, n: Math.max(0, state.n - by) }),
  (state: { n: number }) => {
    if (state.n > 3) return state
    return { ...state, text: `at ${String(state.n)}` }
  },
]

it('rule 3: a fold that may not end is watched, and one that plainly ends is not', () => {
  for (const fold of endless) assert.equal(plainlyEnds(String(fold)), false, String(fold))
  for (const fold of plain) assert.equal(plainlyEnds(String(fold)), true, String(fold))
})

it('rule 9: an event that would leave a state that its schema refuses is skipped', () => {
  const feed = defineFeed({
    name: 'sums',
    source: http({ path: '/sums' }),
    event: Type.Object({ key: Type.String(), n: Type.Integer(), by: Type.Number() }),
    identity: { key: 'key', sequence: 'n' },
    state: {
      path: '/sums-of',
      key: 'key',
      schema: Type.Object({ sum: Type.Number(), inner: Type.Object({ last: Type.Number() }) }),
      initial: { sum: 0, inner: { last: 0 } },
      evolve: (state, { by }) => ({ sum: by === 2 ? Number.NaN : state.sum + by, inner: { last: by } }),
    },
  })
  const { state } = compileFeed(feed.declaration)
  assert.ok(state)
  const events = [1, 2, 3].map(by => ({ sequence: by, type: '', event: { key: 'a', n: by, by }, time: null }))
  const { folded, failures } = foldJobs(state, [{ from: { state: state.initial, events: 0 }, events }])
  assert.deepEqual(
    failures.map(({ sequence }) => sequence),
    [2],
  )
  assert.deepEqual(folded[0]?.state, { sum: 4, inner: { last: 3 } })
  assert.ok(Object.isFrozen(folded[0]?.state.inner), 'a state is frozen to its last part')
})
