import type { Refusal } from './parse.ts'

/** Flags of the command line, as texts; each wins over the setting of the same meaning. */
export type Flags = {
  readonly host?: string
  readonly port?: string
  readonly home?: string
  readonly logLevel?: string
}

/** Reads one setting; undefined where it isn't set. SETTING_INVALID says what was expected. */
export type Read = <Value>(
  name: string,
  parse: (text: string) => Value | Refusal,
  options?: { readonly flag?: keyof Flags; readonly isSecret?: boolean },
) => Promise<Value | undefined>
