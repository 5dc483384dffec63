import type { Static, TSchema } from 'typebox'
import type { Access } from './access.ts'
import type { Alert } from './alert.ts'
import type { Column } from './column.ts'
import type { DeclaredSource } from './source.ts'
import type { View } from './view.ts'

/** A schema and the property of the event that it describes. */
export type At<Name extends string, Schema> = { readonly name: Name; readonly schema: Schema }

/** Says at which property of the event a schema applies: `at('metadata', Type.Object({…}))`. */
export const at = <const Name extends string, Schema>(name: Name, schema: Schema): At<Name, Schema> => ({
  name,
  schema,
})

type Payloads = Record<string, TSchema>

/** Events that come in types: an envelope that all share, which names the type, and a payload for each type. */
export type Variants<EnvelopeName extends string, Envelope, PayloadName extends string, P extends Payloads> = {
  readonly envelope: At<EnvelopeName, Envelope>
  readonly payloads: At<PayloadName, P>
}

/** `variants(at('metadata', schema), at('message', { TypeA: schema, … }))` */
export const variants = <
  const EnvelopeName extends string,
  Envelope extends TSchema,
  const PayloadName extends string,
  P extends Payloads,
>(
  envelope: At<EnvelopeName, Envelope>,
  payloads: At<PayloadName, P>,
): Variants<EnvelopeName, Envelope, PayloadName, P> => ({ envelope, payloads })

export type AnyVariants = Variants<string, TSchema, string, Payloads>

/** What a feed's events are: one schema for all, or variants by type. */
export type EventShape = TSchema | AnyVariants

type VariantOf<Shape, Kind> =
  Shape extends Variants<infer E, infer ES extends TSchema, infer P, infer PS>
    ? { readonly [K in E]: Static<ES> } & { readonly [K in P]: Kind extends keyof PS ? Static<PS[Kind]> : never }
    : never

type Kinds<Shape> = Shape extends Variants<string, TSchema, string, infer PS> ? keyof PS & string : never

/** The static type of a feed's events. */
export type EventOf<Shape> = Shape extends AnyVariants
  ? { [Kind in Kinds<Shape>]: VariantOf<Shape, Kind> }[Kinds<Shape>]
  : Shape extends TSchema
    ? Static<Shape>
    : never

export type Identity =
  | {
      readonly key: string
      readonly sequence: string
      readonly time?: string
      readonly type?: string
      readonly sparse?: boolean
    }
  | {
      readonly unique: string
      readonly key?: never
      readonly order?: never
      readonly horizon?: string
      readonly time?: string
      readonly type?: string
    }
  /** Events of objects: each is on the record, and the latest of a key is the one with the highest order, then id. */
  | {
      readonly unique: string
      readonly key: string
      readonly order: string
      readonly horizon?: string
      readonly time?: string
      readonly type?: string
    }
  | { readonly position: true; readonly time?: string; readonly type?: string }
  | { readonly snapshot: string; readonly time?: string; readonly type?: string }

export type Table<Event, Kind extends string = string> = {
  /** The event types that give this table a row; without it every event does. */
  readonly when?: Kind | readonly Kind[]
  /** `each`: a row an event (the default). `latest`: one row a key, its newest version; with `each`, the rows of that. */
  readonly rows?: 'each' | 'latest'
  /** A list in the event, such as `'lines'`: a row for each item. `lines[]` is the item, `lines[].article` a place in it. */
  readonly each?: string
  /** Columns that are unique together; an index. */
  readonly key?: readonly string[]
  /** Where the API serves its rows, in the order of its `key`: `GET /orders?skip=0&limit=100`. */
  readonly path?: string
  readonly columns: Readonly<Record<string, Column<Event>>>
}

export type Evolve<State, Event> = (state: Readonly<State>, event: Event) => State

type StateCommon<State> = {
  /** Where the API serves it: `GET /totals`, `GET /totals/{key}`. */
  readonly path: string
  /** The key's name in a state. */
  readonly key: string
  /** What `evolve` carries; described as it is served. */
  readonly schema: TSchema
  readonly initial: NoInfer<State>
  /** Fields that a list can be sorted by. */
  readonly sort?: readonly string[]
  /** Names under which a state tells the number and the time that it stands at. */
  readonly stands?: { readonly sequence?: string; readonly time?: string }
  /** Counted up by hand when a change of `evolve` can't be seen in its own text. */
  readonly version?: number
}

/** A pure function of state and event; for variants one for each type, or the compiler says which is missing. */
export type EvolveOf<Shape, State> = Shape extends AnyVariants
  ? { readonly [Kind in Kinds<Shape>]: Evolve<State, VariantOf<Shape, Kind>> }
  : Evolve<State, EventOf<Shape>>

export type Feed<Shape extends EventShape, StateSchema extends TSchema> = {
  readonly name: string
  readonly source: DeclaredSource
  readonly event: Shape
  readonly identity: Identity
  readonly gaps?: Gaps
  readonly tables?: Readonly<Record<string, Table<EventOf<Shape>, Shape extends AnyVariants ? Kinds<Shape> : string>>>
  readonly state?: StateCommon<Static<StateSchema>> & {
    readonly schema: StateSchema
    readonly evolve: EvolveOf<Shape, Static<StateSchema>>
  }
  /** By the rule's name. */
  /** SQL over its tables, by name; made when the feed starts. */
  readonly views?: Readonly<Record<string, View>>
  readonly alerts?: Readonly<Record<string, Alert<Shape extends AnyVariants ? Kinds<Shape> : string>>>
  /** Who may read and post. A feed that says it asks always; one that doesn't is open on loopback. */
  readonly access?: Access
}

export type Gaps = {
  /** How long what follows a hole is held, such as `'30s'`. */
  readonly wait: string
  /** The most events of one key that are held; over it the oldest hole is released early. Default 10,000. */
  readonly maxHeld?: number
}

/** A declaration with its static types set aside: what the rest of the program reads. */
export type FeedDeclaration = {
  readonly name: string
  readonly source: DeclaredSource
  readonly event: EventShape
  readonly identity: Identity
  readonly gaps?: Gaps
  readonly tables?: Readonly<Record<string, Table<never>>>
  readonly state?: StateCommon<unknown> & {
    readonly evolve: Evolve<never, never> | Readonly<Record<string, Evolve<never, never>>>
  }
  readonly views?: Readonly<Record<string, View>>
  readonly alerts?: Readonly<Record<string, Alert>>
  readonly access?: Access
}

/** Marks what `defineFeed` returned, so that a feed file with another default export is refused with words. */
export const DECLARED: unique symbol = Symbol.for('groundstation.feed')

export type DeclaredFeed = { readonly [DECLARED]: true; readonly declaration: FeedDeclaration }

/** Declares a feed with types. Nothing is checked here beyond the types: `check` and `start` do, with the place. */
export function defineFeed<const Shape extends EventShape, StateSchema extends TSchema>(
  feed: Feed<Shape, StateSchema>,
): DeclaredFeed {
  return { [DECLARED]: true, declaration: feed as unknown as FeedDeclaration }
}
