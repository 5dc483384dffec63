import type { Client, Row } from '../store.ts'

/** Rows of a query that is larger than memory, a page at a time, through a cursor of the transaction. */
export class Pages<Item extends Row> {
  readonly #client: Client
  readonly #name: string
  readonly #rows: number

  private constructor(client: Client, name: string, rows: number) {
    this.#client = client
    this.#name = name
    this.#rows = rows
  }

  static async open<Item extends Row>(client: Client, name: string, query: string, rows = 2_000): Promise<Pages<Item>> {
    await client.query(`declare ${name} no scroll cursor without hold for ${query}`)
    return new Pages<Item>(client, name, rows)
  }

  /** The next page; empty at the end. */
  async next(): Promise<Item[]> {
    return (await this.#client.query<Item>(`fetch ${this.#rows} from ${this.#name}`)).rows
  }

  async close(): Promise<void> {
    await this.#client.query(`close ${this.#name}`)
  }
}

/** What belongs to keys, in the order of their ids, read beside the keys themselves. */
export class Beside<Item extends Row & { readonly keyId: number }> {
  readonly #pages: Pages<Item>
  #page: Item[] = []
  #at = 0
  #ended = false

  constructor(pages: Pages<Item>) {
    this.#pages = pages
  }

  /** The rows of a key; those of keys before it, which nobody asked for, are `astray`. */
  async take(keyId: number, astray: (item: Item) => void): Promise<Item[]> {
    const taken: Item[] = []
    for (let item = await this.#peek(); item !== undefined && item.keyId <= keyId; item = await this.#peek()) {
      this.#at++
      if (item.keyId === keyId) taken.push(item)
      else astray(item)
    }
    return taken
  }

  async #peek(): Promise<Item | undefined> {
    if (this.#at === this.#page.length && !this.#ended) {
      this.#page = await this.#pages.next()
      this.#at = 0
      this.#ended = this.#page.length === 0
    }
    return this.#page[this.#at]
  }
}
