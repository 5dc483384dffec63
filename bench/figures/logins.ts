import { openStore } from '../../src/store/store.ts'
import { addAccount } from '../../src/users/users.ts'
import { type Bench, thousands } from '../bench.ts'
import { compare, type Figure } from '../figure.ts'
import { CONNECTIONS, DATABASE, KEYS, postFor, withStage } from './single-posts.ts'

/** As many log in, again as soon as they have an answer: there is always a password to hash, and none is turned away. */
const CLIENTS = 40
const USER = { username: 'bench', password: 'correct horse battery', name: '', lastname: '', email: '' } as const

/** Single posts while others log in without end, beside the same posts alone. */
export function measureLogins(bench: Bench): Promise<Figure[]> {
  return withStage(bench, async stage => {
    await withStore(bench, store => addAccount(store.query, { ...USER, role: 'reader' }))
    const { port } = stage.product
    const { seconds, rounds } = bench.options
    const told: string[] = []
    const waits: number[] = []
    const posts = async (): Promise<number> => {
      const { answered, seconds: took, p99Ms } = await postFor(bench, stage, port, { seconds, keys: KEYS })
      waits.push(p99Ms)
      return answered / took
    }
    const compared = await compare(rounds, {
      floor: posts,
      value: async () => {
        const flood = logins(port)
        const startedMs = performance.now()
        const perSecond = await posts()
        const count = await flood.end()
        const rate = count / ((performance.now() - startedMs) / 1000)
        told.push(`${rate.toFixed(0)} logins/s, p99 of the posts ${waits.at(-1)?.toFixed(1)} ms`)
        bench.say(`posts ${thousands(perSecond)}/s beside ${told.at(-1)}`)
        return perSecond
      },
    })
    return [
      {
        ...compared,
        name: 'logins',
        title: `Single posts while ${CLIENTS} clients log in without end; ${CONNECTIONS} connections`,
        unit: 'posts/s',
        floor: { title: 'the same posts, nobody logs in', value: compared.floorValue },
        goal: { least: 0.5 },
        notes: told,
      },
    ]
  })
}

/** Logs in until it is told to end; how often that was. */
function logins(port: number): { readonly end: () => Promise<number> } {
  let isOver = false
  let count = 0
  const body = new URLSearchParams({ username: USER.username, password: USER.password }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const client = async (): Promise<void> => {
    while (!isOver) {
      const answer = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', headers, body })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`void: a login was ${answer.status} ${text}`)
      count++
    }
  }
  const all = Promise.all(Array.from({ length: CLIENTS }, client))
  return {
    end: async () => {
      isOver = true
      await all
      return count
    },
  }
}

async function withStore(bench: Bench, work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<unknown>) {
  const store = await openStore(bench.server.urlOf(DATABASE), { connectionsMax: 1 })
  try {
    await work(store)
  } finally {
    await store.close()
  }
}
