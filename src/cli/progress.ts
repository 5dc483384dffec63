export type Step = {
  /** From 0 to 1; undefined where the end isn't known. */
  readonly fraction: number | undefined
  readonly text: string
}

export type ProgressLine = {
  show(step: Step): void
  /** A line of its own, above the bar. */
  tell(line: string): void
  done(): void
}

const TERMINAL_MS = 100
const PLAIN_MS = 5_000
const BAR_WIDTH = 24

/** On a terminal a bar that is drawn over; elsewhere a plain line every few seconds. Always on standard error. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  const everyMs = stream.isTTY ? TERMINAL_MS : PLAIN_MS
  const clear = () => (stream.isTTY ? '\r\u001b[K' : '')
  let shownMs = stream.isTTY ? -everyMs : performance.now()
  let isDrawn = false
  return {
    show: ({ fraction, text }) => {
      const nowMs = performance.now()
      if (nowMs - shownMs < everyMs) return
      shownMs = nowMs
      isDrawn = stream.isTTY
      const percent = fraction === undefined ? '' : `${String(Math.floor(fraction * 100)).padStart(3)}% `
      if (!stream.isTTY) stream.write(`${percent}${text}\n`)
      else
        stream.write(
          `${clear()}${fraction === undefined ? '' : `${bar(fraction)} `}${percent}${text}`.slice(0, width(stream)),
        )
    },
    tell: line => {
      stream.write(`${isDrawn ? clear() : ''}${line}\n`)
      isDrawn = false
    },
    done: () => {
      if (isDrawn) stream.write(clear())
      isDrawn = false
    },
  }
}

const width = (stream: NodeJS.WriteStream) => Math.max(20, (stream.columns ?? 80) + 3)

function bar(fraction: number): string {
  const full = Math.max(0, Math.min(BAR_WIDTH, Math.round(fraction * BAR_WIDTH)))
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}]`
}
