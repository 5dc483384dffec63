import rockets from '../../feeds/rockets.ts'

const types = ['RocketLaunched', 'RocketSpeedIncreased'] as const

/** The rockets, each of whose messages raises an alert. */
export default { ...rockets, declaration: { ...rockets.declaration, alerts: { all: { types } } } }
