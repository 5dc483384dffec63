import { createRandom } from '../../simulators/rockets/random.ts'
import { madeUpData } from '../../simulators/spacex/data/made-up.ts'

export const PAGE_ITEMS = 1_000

/** Launches that differ beside their ids; the page goes through them again and again. */
const VARIANTS = 200
/** As long as an ObjectId: eight digits of its page follow the head, and four of its place there. */
const ID_HEAD = '5eb87d47ffd8'
const ID_LENGTH = 24
const PAGE_DIGITS = 8

/** A page whose launches have the size of real ones, 2.2 KB in the mean, and different ids on each page. */
export class LaunchPages {
  readonly items: number
  readonly #page: Buffer
  readonly #idsAt: readonly number[]

  constructor(items: number) {
    this.items = items
    const launches = variants()
    let text = ''
    const idsAt: number[] = []
    for (let index = 0; index < PAGE_ITEMS; index++) {
      const id = ID_HEAD + '0'.repeat(PAGE_DIGITS) + index.toString(16).padStart(4, '0')
      text += `${index === 0 ? '{"docs":[' : ','}${launches[index % VARIANTS]},"id":"${id}"}`
      idsAt.push(text.length - ID_LENGTH - 2)
    }
    this.#page = Buffer.from(text)
    this.#idsAt = idsAt
  }

  get pages(): number {
    return Math.ceil(this.items / PAGE_ITEMS)
  }

  /** Counted from 1. Made by writing the ids into a copy: a server that is slower than its reader would be what is measured. */
  at(page: number): Buffer {
    const first = (page - 1) * PAGE_ITEMS
    const count = Math.min(PAGE_ITEMS, this.items - first)
    const length = (this.#idsAt[count - 1] ?? 0) + ID_LENGTH + 2
    const tail = `],"page":${page},"hasNextPage":${page < this.pages}}`
    const bytes = Buffer.allocUnsafe(length + tail.length)
    this.#page.copy(bytes, 0, 0, length)
    const digits = Buffer.from(page.toString(16).padStart(PAGE_DIGITS, '0'))
    for (let index = 0; index < count; index++) {
      const at = (this.#idsAt[index] ?? 0) + ID_HEAD.length
      for (let digit = 0; digit < PAGE_DIGITS; digit++) bytes[at + digit] = digits[digit] ?? 0
    }
    bytes.write(tail, length, 'latin1')
    return bytes
  }
}

/** As JSON without its last brace and its id, which the real API has last; nothing but ASCII. */
function variants(): string[] {
  const random = createRandom(1, 'launch pages')
  const words = (count: number, length: number) =>
    Array.from({ length: count }, () =>
      Array.from({ length: 2 + random.below(length) }, () => String.fromCharCode(97 + random.below(26))).join(''),
    )
  return madeUpData(1, VARIANTS).launches.map(({ id: _, ...launch }) => {
    const original = words(random.below(16), 30).map(name => `https://live.pictures.example/65535/${name}_o.jpg`)
    const whole = {
      ...launch,
      fairings: { reused: null, recovery_attempt: true, recovered: random.chance(0.5), ships: words(1, 24) },
      links: { ...launch.links, flickr: { small: [], original } },
      details: words(random.below(180), 9).join(' '),
    }
    // The made-up ids of other things are mostly zeros, and a long row of digits takes the parser a second look.
    return JSON.stringify(whole)
      .slice(0, -1)
      .replaceAll(/(?<="5)[ef]\d{9}(?=\d{13}")/g, 'e9d0d95ed')
  })
}
