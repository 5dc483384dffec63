export type RocketPayload =
  | { readonly type: 'RocketLaunched'; readonly message: { type: string; launchSpeed: number; mission: string } }
  | { readonly type: 'RocketSpeedIncreased' | 'RocketSpeedDecreased'; readonly message: { by: number } }
  | { readonly type: 'RocketExploded'; readonly message: { reason: string } }
  | { readonly type: 'RocketMissionChanged'; readonly message: { newMission: string } }

/** One message of a rocket; `type` is its messageType, `time` its messageTime as it is posted. */
export type RocketEvent = RocketPayload & { readonly channel: string; readonly number: number; readonly time: string }

/** The bytes that are posted, in the order of fields that the real program uses. */
export function jsonOf(event: RocketEvent): string {
  // Channel, time and type are ours and need no escaping.
  return `{"metadata":{"channel":"${event.channel}","messageNumber":${event.number},"messageTime":"${event.time}","messageType":"${event.type}"},"message":${JSON.stringify(event.message)}}`
}

/** Reads a valid message back, for a checker that keeps what it posted as text. */
export function eventOf(json: string): RocketEvent {
  const { metadata, message } = JSON.parse(json) as {
    metadata: { channel: string; messageNumber: number; messageTime: string; messageType: string }
    message: unknown
  }
  const { channel, messageNumber: number, messageTime: time, messageType: type } = metadata
  return { channel, number, time, type, message } as RocketEvent
}
