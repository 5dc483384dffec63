import { buildSchema } from 'graphql'

/** The part of the API's schema that is simulated; names and types are the API's. */
export const SCHEMA = buildSchema(`
scalar Date

type Query {
  launches(find: LaunchFind, limit: Int, offset: Int, order: String, sort: String): [Launch]
  launchesPast(find: LaunchFind, limit: Int, offset: Int, order: String, sort: String): [Launch]
  launchesUpcoming(find: LaunchFind, limit: Int, offset: Int, order: String, sort: String): [Launch]
  launchesPastResult(find: LaunchFind, limit: Int, offset: Int, order: String, sort: String): LaunchesPastResult
  launchLatest(offset: Int): Launch
  launch(id: ID!): Launch
  rockets(limit: Int, offset: Int): [Rocket]
  rocket(id: ID!): Rocket
  missions(find: MissionsFind, limit: Int, offset: Int): [Mission]
  mission(id: ID!): Mission
}

input LaunchFind {
  id: ID
  mission_id: String
  mission_name: String
  launch_year: String
  launch_success: String
  rocket_id: String
  rocket_name: String
}

input MissionsFind { id: ID name: String }

type LaunchesPastResult { result: Result data: [Launch] }
type Result { totalCount: Int }

type Launch {
  id: ID
  details: String
  is_tentative: Boolean
  launch_date_local: Date
  launch_date_unix: Date
  launch_date_utc: Date
  launch_site: LaunchSite
  launch_success: Boolean
  launch_year: String
  links: LaunchLinks
  mission_id: [String]
  mission_name: String
  rocket: LaunchRocket
  static_fire_date_unix: Date
  static_fire_date_utc: Date
  telemetry: LaunchTelemetry
  tentative_max_precision: String
  upcoming: Boolean
}

type LaunchSite { site_id: String site_name: String site_name_long: String }
type LaunchRocket { rocket: Rocket rocket_name: String rocket_type: String }
type LaunchTelemetry { flight_club: String }

type LaunchLinks {
  article_link: String
  flickr_images: [String]
  mission_patch: String
  mission_patch_small: String
  presskit: String
  reddit_campaign: String
  reddit_launch: String
  reddit_media: String
  reddit_recovery: String
  video_link: String
  wikipedia: String
}

type Rocket {
  id: ID
  active: Boolean
  boosters: Int
  company: String
  cost_per_launch: Int
  country: String
  description: String
  diameter: Distance
  engines: RocketEngines
  first_flight: Date
  height: Distance
  landing_legs: RocketLandingLegs
  mass: Mass
  name: String
  stages: Int
  success_rate_pct: Int
  type: String
  wikipedia: String
}

type Distance { feet: Float meters: Float }
type Mass { kg: Int lb: Int }
type RocketLandingLegs { material: String number: Int }

type RocketEngines {
  engine_loss_max: String
  layout: String
  number: Int
  propellant_1: String
  propellant_2: String
  thrust_to_weight: Float
  type: String
  version: String
}

type Mission {
  id: ID
  name: String
  description: String
  manufacturers: [String]
  twitter: String
  website: String
  wikipedia: String
}
`)
