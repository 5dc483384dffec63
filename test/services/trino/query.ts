import { setTimeout as delay } from 'node:timers/promises'

/** Times to as many digits as there are, which not every client can take. */
const HEADERS = { 'x-trino-user': 'test', 'x-trino-client-capabilities': 'PARAMETRIC_DATETIME' }

type Page = {
  readonly nextUri?: string
  readonly columns?: readonly { readonly name: string }[]
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: { readonly message: string }
}

export type TrinoRow = Readonly<Record<string, unknown>>

/** Runs one statement, as Trino's own clients do; its rows. */
export async function query(url: string, sql: string): Promise<TrinoRow[]> {
  let page = await pageOf(`${url}/v1/statement`, { method: 'POST', body: sql.trim().replace(/;$/, '') })
  const rows: TrinoRow[] = []
  for (;;) {
    if (page.error !== undefined) throw new Error(`Trino: ${page.error.message}\n${sql}`)
    const names = page.columns?.map(({ name }) => name) ?? []
    for (const values of page.data ?? []) rows.push(Object.fromEntries(values.map((value, i) => [names[i], value])))
    if (page.nextUri === undefined) return rows
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
