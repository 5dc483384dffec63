/** Sends posts over kept connections, from a process of its own. What is sent is in memory before the clock starts. */
import { postAll } from '../load/closed-loop.ts'
import { Fleet } from '../load/fleet.ts'
import { probe } from '../load/open-loop.ts'
import { type RecordTraffic, rocketRecords } from '../load/records.ts'
import { postOf } from '../load/request.ts'
import { disturbedLines, piecesOf } from '../load/rockets.ts'
import { streamLines } from '../load/stream.ts'
import { serve } from './serve.ts'

let posts: readonly Buffer[] = []
let lines: readonly Buffer[] = []

const handlers = {
  /** New rockets, their launches first; what isn't sent of them leaves no hole. */
  preparePosts: async ({ port, seed, keys, count }: { port: number; seed: number; keys: number; count: number }) => {
    const fleet = new Fleet(seed, keys)
    posts = [...fleet.launches(), ...fleet.messages(count)].map(body => postOf(port, body))
  },
  post: (how: { port: number; connections: number; seconds: number }) => postAll(posts, how),
  probe: (how: { port: number; perSecond: number; seconds: number; every: number }) => probe(posts, how),
  prepareLines: async (traffic: { seed: number; events: number; keys: number }) => {
    const made = disturbedLines(traffic)
    lines = made.pieces
    return { lines: made.lines }
  },
  /** What a topic's records are, in their order. */
  prepareRecords: async (traffic: RecordTraffic) => {
    lines = piecesOf(rocketRecords(traffic), ({ value }) => value.toString())
  },
  stream: ({ port }: { port: number }) => streamLines(lines, port),
}
export type PosterMethods = typeof handlers

serve(handlers)
