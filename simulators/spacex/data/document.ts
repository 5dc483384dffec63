/** A JSON object as it was captured: whatever fields it has, in their order. */
export type Json = Readonly<Record<string, unknown>>

export type RestLinks = {
  readonly patch: { readonly small: string | null; readonly large: string | null }
  readonly reddit: Readonly<Record<'campaign' | 'launch' | 'media' | 'recovery', string | null>>
  readonly presskit: string | null
  readonly webcast: string | null
  readonly youtube_id: string | null
  readonly article: string | null
  readonly wikipedia: string | null
  readonly flickr: { readonly small: readonly string[]; readonly original: readonly string[] }
}

/** The fields of `/v4/launches` that the simulator itself looks at; the others go through as they are. */
export type RestLaunch = Json & {
  readonly id: string
  readonly flight_number: number
  readonly name: string
  readonly date_utc: string
  readonly date_local: string
  readonly date_precision: string
  readonly upcoming: boolean
  readonly success: boolean | null
  readonly details: string | null
  readonly static_fire_date_utc: string | null
  readonly rocket: string
  readonly launchpad: string
  readonly links: RestLinks
  readonly failures: readonly unknown[]
  readonly cores: readonly Json[]
}

export type Named = Json & { readonly id: string; readonly name: string }

/** A launch as GraphQL gives it. */
export type GraphqlLaunch = Json & {
  readonly id: string
  readonly mission_name: string
  readonly launch_date_utc: string
  readonly launch_success: boolean | null
  readonly mission_id: readonly string[]
  readonly links: Json
}

export type Mission = { readonly id: string; readonly name: string }

export type Collections = {
  readonly launches: readonly RestLaunch[]
  readonly rockets: readonly Named[]
  readonly payloads: readonly Named[]
  readonly launchpads: readonly Named[]
}

export type SpacexData = Collections & {
  /** What GraphQL answered when it was captured; where it wasn't, its launches are those of REST. */
  readonly graphqlLaunches: readonly GraphqlLaunch[] | undefined
  readonly missions: readonly Mission[]
}
