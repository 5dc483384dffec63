import { readdir } from 'node:fs/promises'
import type { Command } from 'commander'
import { GroundstationError } from '../../errors.ts'
import { type CommonOptions, type Context, print } from '../context.ts'
import { EXIT } from '../exit.ts'
import { createProgress } from '../progress.ts'
import { stopOnSignals } from '../stop.ts'

/**
 * What a folder of simulators/ exports as `command` from its command.ts. So this program knows nothing of what is
 * simulated, and the simulators nothing of this program.
 */
export type Simulator = {
  readonly summary: string
  /** Of the one argument, where there is one: `<url>`. */
  readonly argument?: string
  /** As Commander writes them, with what makes a value of the text. */
  readonly options: readonly {
    readonly flags: string
    readonly description: string
    readonly parse?: (text: string) => unknown
  }[]
  /** It serves until it is told to end, so that a signal is no interruption. */
  readonly isServer?: boolean
  run(
    argument: string,
    options: Readonly<Record<string, unknown>>,
    tools: {
      readonly signal: AbortSignal
      readonly progress: (fraction: number | undefined, text: string) => void
      /** Tells something before the end, as the result is told. */
      readonly announce: (result: unknown, text: string) => void
    },
  ): Promise<{ readonly result: unknown; readonly text: string; readonly ok: boolean }>
}

const FOLDER = new URL('../../../simulators/', import.meta.url)

/** The simulators are loaded only when one is asked for: nothing else waits for them. */
export async function addSimulate(program: Command, _: Context, args: readonly string[]): Promise<void> {
  const simulate = program.command('simulate').description('traffic and peers for trying it out')
  if (args.find(arg => !arg.startsWith('-') && arg !== 'help') !== 'simulate') return
  for (const [name, simulator] of await simulators()) {
    const command = simulate.command(name).description(simulator.summary).option('--json', 'the result as JSON')
    if (simulator.argument !== undefined) command.argument(simulator.argument)
    for (const { flags, description, parse } of simulator.options) {
      if (parse === undefined) command.option(flags, description)
      else command.option(flags, description, parse)
    }
    // What Commander hands over begins with the argument only where there is one.
    command.action((first: unknown) => {
      return run(simulator, simulator.argument === undefined ? '' : String(first), command.opts())
    })
  }
}

async function simulators(): Promise<[string, Simulator][]> {
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const folders = await readdir(FOLDER, { withFileTypes: true }).catch(() => [])
  const found: [string, Simulator][] = []
  for (const folder of folders.filter(one => one.isDirectory())) {
    const file = new URL(`${folder.name}/command${extension}`, FOLDER).href
    found.push([folder.name, ((await import(file)) as { command: Simulator }).command])
  }
  if (found.length === 0) throw new GroundstationError('USAGE', 'This installation has no simulators.')
  return found
}

async function run(simulator: Simulator, argument: string, options: Record<string, unknown>): Promise<void> {
  const { signal, code } = stopOnSignals()
  const line = createProgress()
  const { result, text, ok } = await simulator.run(argument, options, {
    signal,
    progress: (fraction, shown) => line.show({ fraction, text: shown }),
    announce: (told, shown) => print(options as CommonOptions, told, shown),
  })
  line.done()
  print(options as CommonOptions, result, text)
  process.exitCode = signal.aborted && simulator.isServer !== true ? code() : ok ? EXIT.done : EXIT.found
}
