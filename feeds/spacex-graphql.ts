/**
 * Missions, rockets and launches of the GraphQL API into `staging`, and how many publications each kind has into `marts`.
 * Three feeds: what one query lacks doesn't stop the others.
 */
import {
  boolean,
  defineFeed,
  double,
  env,
  integer,
  numberOf,
  ordinal,
  poll,
  type TSchema,
  Type,
  text,
  timestamp,
} from 'groundstation'

/** GraphQL answers null for whatever it doesn't know. */
const Maybe = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]))
const Id = Type.String({ minLength: 1 })
const MaybeText = Maybe(Type.String())
const MaybeTime = Maybe(Type.String({ format: 'date-time' }))

/** A query with `limit` and `offset`, page by page. */
const queried = (root: string, fields: string) =>
  poll({
    url: env('SPACEX_GRAPHQL_URL'),
    every: env('SPACEX_GRAPHQL_EVERY', '300s'),
    graphql: { query: `query ($limit: Int, $offset: Int) { ${root}(limit: $limit, offset: $offset) { ${fields} } }` },
    items: `data.${root}`,
    pages: { offset: 'offset', limit: 'limit', size: 100 },
  })

const missions = defineFeed({
  name: 'spacex-graphql-missions',
  source: queried('missions', 'id name'),
  event: Type.Object({ id: Id, name: MaybeText }),
  identity: { snapshot: 'id' },
  tables: {
    'staging.mission': {
      rows: 'latest',
      columns: { id: numberOf('spacex.mission', 'id'), name: text('name'), external_object_id: text('id') },
    },
  },
})

const rockets = defineFeed({
  name: 'spacex-graphql-rockets',
  source: queried(
    'rockets',
    `active boosters company cost_per_launch country description diameter { meters } first_flight height { meters } id
     landing_legs { number material } mass { kg } name success_rate_pct type wikipedia engines { type }`,
  ),
  event: Type.Object({
    id: Id,
    name: MaybeText,
    type: MaybeText,
    active: Maybe(Type.Boolean()),
    boosters: Maybe(Type.Integer()),
    company: MaybeText,
    cost_per_launch: Maybe(Type.Integer()),
    country: MaybeText,
    description: MaybeText,
    diameter: Maybe(Type.Object({ meters: Maybe(Type.Number()) })),
    first_flight: MaybeText,
    height: Maybe(Type.Object({ meters: Maybe(Type.Number()) })),
    landing_legs: Maybe(Type.Object({ number: Maybe(Type.Integer()), material: MaybeText })),
    mass: Maybe(Type.Object({ kg: Maybe(Type.Integer()) })),
    success_rate_pct: Maybe(Type.Integer()),
    wikipedia: MaybeText,
    engines: Maybe(Type.Object({ type: MaybeText })),
  }),
  identity: { snapshot: 'id' },
  tables: {
    'staging.rocket': {
      rows: 'latest',
      columns: {
        id: numberOf('spacex.rocket', 'id'),
        external_object_id: text('id'),
        active: boolean('active'),
        boosters: integer('boosters'),
        company: text('company'),
        cost_per_launch: integer('cost_per_launch'),
        country: text('country'),
        description: text('description'),
        diameter_meters: double('diameter.meters'),
        first_flight: text('first_flight'),
        height_meters: double('height.meters'),
        landing_legs_number: integer('landing_legs.number'),
        landing_legs_material: text('landing_legs.material'),
        mass_kg: integer('mass.kg'),
        name: text('name'),
        success_rate_pct: integer('success_rate_pct'),
        wikipedia: text('wikipedia'),
        id_rocket_type: numberOf('spacex.rocket_type', 'type'),
        id_rocket_engines_type: numberOf('spacex.rocket_engines_type', 'engines.type'),
      },
    },
  },
  views: {
    'staging.rocket_type': {
      sql: "select number as id, key as name from groundstation.numbers where series = 'spacex.rocket_type'",
    },
    'staging.rocket_engines_type': {
      sql: "select number as id, key as name from groundstation.numbers where series = 'spacex.rocket_engines_type'",
    },
  },
})

const launches = defineFeed({
  name: 'spacex-graphql-launches',
  source: queried(
    'launches',
    `id details is_tentative launch_date_utc launch_success mission_id mission_name rocket { rocket { id } } static_fire_date_utc
     telemetry { flight_club } tentative_max_precision upcoming links { article_link mission_patch mission_patch_small presskit
     reddit_campaign reddit_launch reddit_media reddit_recovery video_link wikipedia }`,
  ),
  event: Type.Object({
    id: Id,
    details: MaybeText,
    is_tentative: Maybe(Type.Boolean()),
    launch_date_utc: MaybeTime,
    launch_success: Maybe(Type.Boolean()),
    mission_id: Maybe(Type.Array(Id)),
    mission_name: MaybeText,
    rocket: Maybe(Type.Object({ rocket: Maybe(Type.Object({ id: Maybe(Id) })) })),
    static_fire_date_utc: MaybeTime,
    telemetry: Maybe(Type.Object({ flight_club: MaybeText })),
    tentative_max_precision: MaybeText,
    upcoming: Maybe(Type.Boolean()),
    links: Maybe(
      Type.Object({
        article_link: MaybeText,
        mission_patch: MaybeText,
        mission_patch_small: MaybeText,
        presskit: MaybeText,
        reddit_campaign: MaybeText,
        reddit_launch: MaybeText,
        reddit_media: MaybeText,
        reddit_recovery: MaybeText,
        video_link: MaybeText,
        wikipedia: MaybeText,
      }),
    ),
  }),
  identity: { snapshot: 'id' },
  tables: {
    'staging.launch': {
      rows: 'latest',
      columns: {
        id: numberOf('spacex.launch', 'id'),
        external_object_id: text('id'),
        details: text('details'),
        is_tentative: boolean('is_tentative'),
        launch_date_utc: timestamp('launch_date_utc'),
        launch_success: boolean('launch_success'),
        launch_year: {
          type: 'integer',
          compute: ({ launch_date_utc: at }) => (at ? new Date(at).getUTCFullYear() : null),
        },
        static_fire_date_utc: timestamp('static_fire_date_utc'),
        telemetry_flight_club: text('telemetry.flight_club'),
        tentative_max_precision: text('tentative_max_precision'),
        upcoming: boolean('upcoming'),
        // The first of them; staging.launch_mission has all.
        id_mission: { type: 'integer', series: 'spacex.mission', compute: ({ mission_id }) => mission_id?.[0] },
        id_rocket: numberOf('spacex.rocket', 'rocket.rocket.id'),
      },
    },
    'staging.launch_mission': {
      rows: 'latest',
      each: 'mission_id',
      key: ['id_launch', 'id_mission'],
      columns: {
        id_launch: numberOf('spacex.launch', 'id'),
        id_mission: numberOf('spacex.mission', 'mission_id[]'),
        place: ordinal(),
      },
    },
    'staging.launch_links': {
      rows: 'latest',
      columns: {
        id: numberOf('spacex.launch_links', 'id'),
        id_launch: numberOf('spacex.launch', 'id'),
        article_link: text('links.article_link'),
        mission_patch: text('links.mission_patch'),
        mission_patch_small: text('links.mission_patch_small'),
        presskit: text('links.presskit'),
        reddit_campaign: text('links.reddit_campaign'),
        reddit_launch: text('links.reddit_launch'),
        reddit_media: text('links.reddit_media'),
        reddit_recovery: text('links.reddit_recovery'),
        video_link: text('links.video_link'),
        wikipedia: text('links.wikipedia'),
      },
    },
  },
  views: {
    // A mission's publications are those of its launches, each counted once, however many missions it has.
    'marts.publication': {
      path: '/publications',
      sql: `
        select 'launch' as entity, count(article_link) as articles, count(wikipedia) as wikipedia from staging.launch_links
        union all select 'rocket', 0, count(wikipedia) from staging.rocket
        union all select 'mission', count(article_link), count(wikipedia) from staging.launch_links l
          where exists (select from staging.launch_mission m where m.id_launch = l.id_launch)`,
    },
  },
})

export default [missions, rockets, launches]
