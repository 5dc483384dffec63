import rockets from '../../feeds/rockets.ts'

/** The rockets, with rules, so that most of what they say raises an alert. */
export default {
  ...rockets,
  declaration: {
    ...rockets.declaration,
    alerts: { changes: { types: ['RocketSpeedIncreased', 'RocketMissionChanged', 'RocketExploded'] } },
  },
}
