import { setTimeout as delay } from 'node:timers/promises'

type Page = {
  readonly nextUri?: string
  readonly columns?: readonly { readonly name: string }[]
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: { readonly message: string; readonly errorName: string }
}

export type TrinoRow = Readonly<Record<string, unknown>>

/** Times to as many digits as there are, which not every client can take. */
const HEADERS = { 'x-trino-user': 'test', 'x-trino-client-capabilities': 'PARAMETRIC_DATETIME' }

const STARTING_MS_MAX = 60_000

/** Runs one statement; its rows. A server that has just started doesn't count itself for a while: then it asks again. */
export async function query(url: string, sql: string): Promise<TrinoRow[]> {
  const deadline = performance.now() + STARTING_MS_MAX
  for (;;) {
    const { rows, error } = await run(url, sql.trim().replace(/;$/, ''))
    if (error === undefined) return rows
    if (error.errorName !== 'NO_NODES_AVAILABLE' || performance.now() > deadline)
      throw new Error(`Trino: ${error.message}\n${sql}`)
    await delay(100)
  }
}

/** As Trino's own clients do: page by page, until one names no other. */
async function run(url: string, sql: string) {
  let page = await pageOf(`${url}/v1/statement`, { method: 'POST', body: sql })
  const rows: TrinoRow[] = []
  for (;;) {
    const names = page.columns?.map(({ name }) => name) ?? []
    for (const values of page.data ?? []) rows.push(Object.fromEntries(values.map((value, i) => [names[i], value])))
    if (page.error !== undefined || page.nextUri === undefined) return { rows, error: page.error }
    page = await pageOf(page.nextUri)
  }
}

async function pageOf(url: string, init: RequestInit = {}): Promise<Page> {
  for (;;) {
    const answer = await fetch(url, { ...init, headers: HEADERS })
    // Busy: its clients ask again a little later.
    if (answer.status === 503) await delay(50)
    else if (answer.ok) return (await answer.json()) as Page
    else throw new Error(`Trino: ${answer.status} ${await answer.text()}`)
  }
}
