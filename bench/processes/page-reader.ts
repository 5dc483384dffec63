/** The floor of polling: the pages fetched by the same client, the next while one is parsed, and parsed; nothing else. */
import { PollClient } from '../../src/sources/poll/client.ts'
import { serve } from './serve.ts'

type Page = { readonly docs: readonly unknown[]; readonly hasNextPage: boolean }

const handlers = {
  read: async ({ url }: { url: string }) => {
    const client = new PollClient({ url: new URL(url), hosts: [] })
    const { signal } = new AbortController()
    const ask = (page: number) =>
      client.send({ url: new URL(`${url}/launches?page=${page}`), method: 'GET', headers: {} }, signal)
    const startedMs = performance.now()
    let items = 0
    let page = 1
    for (let asked = ask(page); ; page++) {
      const { body } = await asked
      asked = ask(page + 1)
      asked.catch(() => undefined)
      const { docs, hasNextPage } = JSON.parse(body.toString('utf8')) as Page
      items += docs.length
      if (!hasNextPage) break
    }
    const seconds = (performance.now() - startedMs) / 1000
    await client.close()
    return { items, seconds }
  },
}
export type PageReaderMethods = typeof handlers

serve(handlers)
