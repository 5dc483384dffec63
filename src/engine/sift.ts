import type { Key } from '../sequencer/key.ts'
import { KeyMemory } from '../sequencer/key-memory.ts'
import { withdraw } from '../sequencer/withdraw.ts'
import { failureKind } from '../store/store.ts'
import { takeHeld } from '../store/write/held.ts'
import { loadKeys } from '../store/write/keys.ts'
import { letterDigest } from '../store/write/letters.ts'
import type { Batch } from './batch.ts'
import { refusedByStore } from './decide/refusals.ts'
import { type Applied, Effects } from './effects.ts'
import { fixFacts } from './facts.ts'
import { fixNumbers } from './numbers.ts'
import { givePositions, Sent, writeApplied } from './persist.ts'
import type { Work } from './work.ts'

type Refused = { readonly applied: Applied; readonly error: unknown }

/**
 * Decides on a single work that the database refused. What it takes along from the events that were held may be what is
 * refused: all is tried, cut in halves until each such event is found, and taken back. They become dead letters, their numbers
 * are as if they had never come, and the work is decided again. So it ends as it would have, had all come in order. Where the
 * work's own event is refused, it rejects.
 */
export async function decideSifted(
  batch: Batch,
  work: Work,
  leaf: string,
  decide: (batch: Batch) => Promise<void>,
): Promise<Batch> {
  const { client } = batch
  await client.query('savepoint sifting')
  await decide(batch)
  const refused = await refusedOf(batch, leaf)
  await client.query('rollback to savepoint sifting')
  const own = work.kind === 'event' ? work.parsed.raw : undefined
  for (const { applied, error } of refused) if (applied.raw === own) throw error
  const key = await keyWithout(batch, refused)
  const again = { ...batch, effects: new Effects(), memories: remembering(batch, key) }
  if (key !== undefined) await becomeLetters(again, key, refused)
  await decide(again)
  // A repeat may change nothing of the key any more.
  if (key !== undefined && again.effects.keys.length === 0) again.effects.keys.push({ ...key, isNew: false })
  return again
}

async function keyWithout({ client, stored, effects }: Batch, refused: readonly Refused[]): Promise<Key | undefined> {
  const name = effects.keys.find(({ id }) => id === refused[0]?.applied.keyId)?.key
  const [key] = name === undefined ? [] : await loadKeys(client, stored.id, [name])
  if (key === undefined) return undefined
  const numbers = refused.map(({ applied }) => applied.sequence).sort((a, b) => a - b)
  return { ...key, cursor: withdraw(key.cursor, numbers) }
}

function remembering({ memories }: Batch, key: Key | undefined): Batch['memories'] {
  if (key === undefined) return memories
  const memory = new KeyMemory({ keys: 2, stateBytes: Number.POSITIVE_INFINITY })
  memory.set(key)
  return new Map([...memories, [key.lane, memory]])
}

async function becomeLetters({ client, stored, effects }: Batch, key: Key, refused: readonly Refused[]): Promise<void> {
  const spans = refused.map(({ applied: { sequence } }) => ({ keyId: key.id, from: sequence, to: sequence }))
  await takeHeld(client, stored.id, spans)
  for (const { applied, error } of refused)
    effects.letters.push({
      ...refusedByStore(error),
      key: key.key,
      sequence: applied.sequence,
      source: '{"held":true}',
      raw: applied.raw,
      digest: letterDigest(applied.raw),
      works: [],
      outcomeOf: deadLetter => ({ outcome: 'rejected', deadLetter, ...refusedByStore(error) }),
    })
}

/** In a transaction whose writes are taken back afterwards. */
async function refusedOf(batch: Batch, leaf: string): Promise<Refused[]> {
  givePositions(batch)
  // What would be found at the commit only is found here.
  await batch.client.query('set constraints all immediate')
  return new Sieve(batch, leaf).sift(batch.effects.applied)
}

class Sieve {
  readonly #batch: Batch
  readonly #leaf: string

  constructor(batch: Batch, leaf: string) {
    this.#batch = batch
    this.#leaf = leaf
  }

  /** Those that the database refuses, in their order, behind those before them that it takes. */
  async sift(applied: readonly Applied[]): Promise<Refused[]> {
    const [first] = applied
    if (first === undefined) return []
    const { client } = this.#batch
    await client.query('savepoint part')
    try {
      await this.#put(applied)
      await client.query('release savepoint part')
      return []
    } catch (error) {
      if (failureKind(error) !== 'data') throw error
      await client.query('rollback to savepoint part')
      await client.query('release savepoint part')
      if (applied.length === 1) return [{ applied: first, error }]
    }
    const middle = applied.length >> 1
    const below = await this.sift(applied.slice(0, middle))
    return below.concat(await this.sift(applied.slice(middle)))
  }

  async #put(applied: readonly Applied[]): Promise<void> {
    const effects = new Effects()
    for (const one of applied) effects.applied.push(one)
    const part = { ...this.#batch, effects }
    await fixFacts(part)
    await fixNumbers(part)
    await writeApplied(part, this.#leaf, new Sent(false))
  }
}
