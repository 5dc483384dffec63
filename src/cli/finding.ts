/** One thing that was looked at; `remedy` where something is to be done. */
export type Finding = {
  readonly what: string
  readonly ok: boolean
  readonly says: string
  readonly remedy: string | null
  readonly code: number
}
