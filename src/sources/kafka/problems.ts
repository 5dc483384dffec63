/** Of a source: a partition by its number, or what all of them need. */
export type Part = number | 'topic' | 'fetch' | 'turn'

/** What keeps a source from reading, each said in the log once, and told for as long as it lasts. */
export class Problems {
  readonly #log: (level: 'warn' | 'error', message: string) => void
  readonly #open = new Map<Part, string>()

  constructor(log: (level: 'warn' | 'error', message: string) => void) {
    this.#log = log
  }

  get all(): readonly string[] {
    return [...new Set(this.#open.values())]
  }

  get parts(): readonly Part[] {
    return [...this.#open.keys()]
  }

  /** `problem` is what is wrong with `part`; undefined: nothing is any more. */
  set(part: Part, problem: string | undefined, level: 'warn' | 'error' = 'warn'): void {
    if (problem === undefined) {
      this.#open.delete(part)
      return
    }
    if (!this.all.includes(problem)) this.#log(level, problem)
    this.#open.set(part, problem)
  }
}
