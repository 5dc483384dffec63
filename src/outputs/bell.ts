/** Wakes the one who waits; rung while nobody does, it wakes the next at once. */
export class Bell {
  #isRung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Resolves when it is rung, after so long at the latest. */
  async wait(msMax: number): Promise<void> {
    if (!this.#isRung) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, msMax)
      await promise
      clearTimeout(timer)
      this.#wake = undefined
    }
    this.#isRung = false
  }
}
