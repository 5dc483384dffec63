import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Expectations } from './expect.ts'
import type { Tally } from './tally.ts'

export interface ExpectationHead {
  readonly seed: number
  /** False when the run ended early: then the file may know of messages that were never posted. */
  readonly finished: boolean
  readonly totals: Tally
}

/** One JSON document, a line a rocket, written as a stream so that a million rockets fit. */
export async function writeExpectations(path: string, head: ExpectationHead, expected: Expectations): Promise<void> {
  await pipeline(Readable.from(linesOf(head, expected)), createWriteStream(path))
}

function* linesOf(head: ExpectationHead, expected: Expectations): Generator<string, void, undefined> {
  yield `${JSON.stringify({ ...head, holes: expected.holes }).slice(0, -1)},"rockets":[`
  let separator = '\n'
  for (const state of expected.states()) {
    yield separator + JSON.stringify(state)
    separator = ',\n'
  }
  yield '\n]}\n'
}
