import { parseArgs } from 'node:util'

export type Options = {
  /** Which figures; all where none is named. */
  readonly only: ReadonlySet<string>
  readonly events: number
  readonly rounds: number
  readonly writers: number
  /** Seconds that a measurement by time lasts. */
  readonly seconds: number
  readonly isLong: boolean
  readonly profile: string | undefined
  readonly json: string | undefined
  readonly isMarkdown: boolean
}

export const USAGE = `npm run bench -- [figures…] [options]

  --quick            300,000 events and one round, to see a change while tuning
  --events <count>   events of a measurement (1,000,000)
  --rounds <count>   floor, value, floor: so many times (3)
  --seconds <count>  how long a measurement by time lasts (10)
  --writers <count>  writers of the engine and connections of its floor (2)
  --long             ten million events on the record as well
  --profile          a CPU profile of the engine or the server, <json or bench>.cpuprofile, with Kafka one of each
                     process, <json or bench>.<role>.cpuprofile; its own cost is in the figures
  --json <file>      all that was measured
  --markdown         the table as docs/benchmarks.md has it`

export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      events: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      writers: { type: 'string', default: '2' },
      long: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  return {
    only: new Set(positionals),
    events: count('events', values.events ?? (quick ? '300000' : '1000000')),
    rounds: count('rounds', values.rounds ?? (quick ? '1' : '3')),
    seconds: count('seconds', values.seconds ?? (quick ? '4' : '10')),
    writers: count('writers', values.writers),
    isLong: values.long,
    profile: values.profile ? `${values.json ?? 'bench'}.cpuprofile` : undefined,
    json: values.json,
    isMarkdown: values.markdown,
  }
}

/** A figure's own, where several would write to one file. */
export const profileOf = ({ profile }: Options, name: string): string | undefined =>
  profile?.replace(/cpuprofile$/, `${name}.cpuprofile`)

function count(name: string, text: string): number {
  const value = Number(text.replaceAll(/[,_]/g, ''))
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`--${name} is a number from 1, not ${text}`)
  return value
}
