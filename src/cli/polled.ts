import type { GroundstationError } from '../errors.ts'
import { textOf } from '../sources/poll/poller.ts'
import type { PollReport } from '../sources/poll/run.ts'
import { NO_COUNTS } from '../sources/poll/tally.ts'
import { type CommonOptions, print } from './context.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import type { FeedsToStart } from './feeds.ts'

/** What came of a feed's poll; without a report it wasn't polled, and the error says why. */
export type Polled = {
  readonly feed: string
  readonly report?: PollReport
  readonly error: GroundstationError | undefined
  /** What to do about it. */
  readonly remedy?: string
}

const NOT_POLLED = { ...NO_COUNTS, run: null, ms: 0, isComplete: false, note: null, hint: null, restMs: null }

/** Of one feed its report; of several a list of theirs, and the worst of their exit codes. */
export function tellPolls(polls: readonly Polled[], options: CommonOptions, hint: readonly string[]): void {
  const results = polls.map(({ feed, report, error, remedy }) => ({
    feed,
    ...(report === undefined ? NOT_POLLED : countsOf(report)),
    error: error === undefined ? null : { code: error.code, message: error.message, remedy: remedy ?? null },
  }))
  const texts = polls.map(polled => (polls.length === 1 ? textOfOne(polled) : `${polled.feed}: ${textOfOne(polled)}`))
  print(options, results.length === 1 ? results[0] : results, [...texts, ...hint].join('\n'))
  process.exitCode = Math.max(...polls.map(codeOf))
}

const countsOf = ({ failure: _, note, hint, restMs, ...counts }: PollReport) => ({
  ...counts,
  note: note ?? null,
  hint: hint ?? null,
  restMs: restMs ?? null,
})

function textOfOne({ report, error, remedy }: Polled): string {
  if (report === undefined) return error?.message ?? ''
  if (error === undefined) return textOf(report)
  const kept = report.new + report.changed + report.gone > 0 ? ', and what came before it failed' : ''
  const told = `The poll failed: ${error.message}. What was stored stays${kept}.`
  return [told, textOf(report), ...(remedy === undefined ? [] : [remedy])].join('\n')
}

function codeOf({ report, error }: Polled): number {
  if (error !== undefined) return exitCodeOf(error)
  return report !== undefined && (report.rejected > 0 || report.note !== undefined) ? EXIT.found : EXIT.done
}

/** How the others of a file are polled, where some of it weren't asked for. */
export function hintOf({ beside }: FeedsToStart): string[] {
  const files = new Map<string, string[]>()
  for (const { file, compiled } of beside)
    if (compiled?.source.kind === 'poll') files.set(file, [...(files.get(file) ?? []), compiled.name])
  return [...files].map(
    ([file, names]) => `Not polled: ${names.join(', ')}; groundstation poll ${file} --once polls them too.`,
  )
}
