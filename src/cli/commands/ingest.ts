import { resolve } from 'node:path'
import type { Command } from 'commander'
import { countOf, type Input, ingest, type Progress, type Refused, type Totals } from '../../sources/file/ingest.ts'
import { type CommonOptions, type Context, print, settingsOf, withCommonOptions } from '../context.ts'
import { EXIT } from '../exit.ts'
import { feedToStart } from '../feeds.ts'
import { createLog } from '../log.ts'
import { openRuntime } from '../open.ts'
import { createProgress } from '../progress.ts'
import { stopOnSignals } from '../stop.ts'

type Options = CommonOptions & { readonly as?: string }

/** As many refused events are told one by one; all of them are dead letters. */
const REFUSED_TOLD_MAX = 10

export function addIngest(program: Command, context: Context): void {
  withCommonOptions(program.command('ingest <feed> <files...>'))
    .description(
      "JSON, a JSON array or NDJSON, gzip too, from files or standard input (-), as if it had come through the feed's source; the same events again add nothing, and where they have no identity of their own, the same content: a file is known by what is in it, not by its name, unless --as gives it one",
    )
    .option('--as <name>', 'the name of the log that the input is: a file that extends the one known goes on after it')
    .action((feed: string, files: string[], options: Options) => run(context, feed, files, options))
}

async function run(context: Context, feedName: string, files: string[], options: Options): Promise<void> {
  const { cwd } = context
  const settings = await settingsOf(context, options, 'warn')
  const declared = await feedToStart(feedName, context)
  const { feed } = declared
  const stopping = stopOnSignals()
  const { signal } = stopping
  // A pipe that is silent would hold up the stop.
  signal.addEventListener('abort', () => process.stdin.destroy(), { once: true })
  const runtime = await openRuntime({ settings, log: createLog(settings.logLevel), cwd, signal, declared })
  const progress = createProgress()
  const startedMs = performance.now()
  const refused = refusedTeller(line => progress.tell(line))
  try {
    const totals = await ingest({
      engine: runtime.engine,
      feed: feed.name,
      inputs: files.map(file => inputOf(file, cwd)),
      as: options.as,
      eventBytesMax: settings.limits.eventBytesMax,
      onProgress: step => progress.show(stepOf(step, startedMs)),
      onRefused: refused.tell,
      signal,
    })
    progress.done()
    refused.sum()
    print(options, { feed: feed.name, ...totals }, sumOf(totals, performance.now() - startedMs))
    if (totals.rejected > 0) process.exitCode = EXIT.found
  } catch (error) {
    progress.done()
    if (!signal.aborted) throw error
    process.stderr.write('Interrupted. What was read is stored; run it again, and it goes on from there.\n')
    process.exitCode = stopping.code()
  } finally {
    await runtime.close()
  }
}

function inputOf(file: string, cwd: string): Input {
  return file === '-' ? { name: 'standard input', stream: process.stdin } : { name: file, path: resolve(cwd, file) }
}

function stepOf({ name, totals, bytesRead, bytesTotal }: Progress, startedMs: number) {
  const count = countOf(totals)
  const rate = Math.round(count / Math.max(0.001, (performance.now() - startedMs) / 1000))
  return {
    fraction: bytesTotal === undefined || bytesTotal === 0 ? undefined : bytesRead / bytesTotal,
    text: `${name}: ${count.toLocaleString('en')} events, ${rate.toLocaleString('en')} a second`,
  }
}

function refusedTeller(print: (line: string) => void) {
  let count = 0
  return {
    tell: ({ name, event, outcome, message, deadLetter }: Refused) => {
      count++
      if (count > REFUSED_TOLD_MAX) return
      const kept = deadLetter === undefined ? 'not kept' : `dead letter ${deadLetter}`
      print(`${name}, event ${event}: ${outcome}: ${message} (${kept})`)
    },
    sum: () => {
      if (count > REFUSED_TOLD_MAX)
        print(`… and ${count - REFUSED_TOLD_MAX} more: groundstation dead-letters <feed> list`)
    },
  }
}

function sumOf(totals: Totals, ms: number): string {
  const parts = Object.entries(totals).map(([outcome, count]) => `${count.toLocaleString('en')} ${outcome}`)
  return `${parts.join(', ')} in ${(ms / 1000).toFixed(1)} s`
}
