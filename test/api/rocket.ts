/** The n-th channel of a test. */
export const channel = (index: number): string => `193270a9-c9cf-404a-8f83-${String(index).padStart(12, '0')}`

const metadata = (key: string, number: number, type: string) => ({
  channel: key,
  messageNumber: number,
  messageTime: `2022-02-02T19:39:05.${String(number).padStart(9, '0')}+01:00`,
  messageType: type,
})

export const launched = (
  key: string,
  number: number,
  type = 'Falcon-9',
  mission = 'ARTEMIS',
  launchSpeed = 500,
): string =>
  JSON.stringify({ metadata: metadata(key, number, 'RocketLaunched'), message: { type, launchSpeed, mission } })

export const faster = (key: string, number: number, by = 10): string =>
  JSON.stringify({ metadata: metadata(key, number, 'RocketSpeedIncreased'), message: { by } })

export const exploded = (key: string, number: number, reason = 'PRESSURE'): string =>
  JSON.stringify({ metadata: metadata(key, number, 'RocketExploded'), message: { reason } })
