/** The rockets' rules again, in the plainest words, for comparing with what the feed's schema lets through. */
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-](\d\d):(\d\d))$/
type Fields = Record<string, unknown>

export function isRocketMessage(bytes: Buffer): boolean {
  let text: string
  let event: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    event = JSON.parse(text)
  } catch {
    return false
  }
  if (!isFields(event) || !isFields(event.metadata) || !isFields(event.message)) return false
  const { channel, messageNumber, messageTime, messageType } = event.metadata
  if (typeof channel !== 'string' || !UUID.test(channel)) return false
  if (!isWholeFrom(messageNumber, 1)) return false
  if (typeof messageTime !== 'string' || !isTime(messageTime)) return false
  if (!isPayload(messageType, event.message)) return false
  const withoutTexts = text.replace(/"(?:\\.|[^"\\])*"/g, '""')
  return isStorable(event) && depthOf(event) <= 128 && !/[:,[\s]-?([\d.]{17,}|\d+e-?\d{3})/.test(withoutTexts)
}

function isPayload(type: unknown, message: Fields): boolean {
  const isText = (value: unknown) => typeof value === 'string' && value.length > 0
  switch (type) {
    case 'RocketLaunched':
      return isText(message.type) && isText(message.mission) && isInt4(message.launchSpeed, 0)
    case 'RocketSpeedIncreased':
    case 'RocketSpeedDecreased':
      return isInt4(message.by, 1)
    case 'RocketExploded':
      return isText(message.reason)
    case 'RocketMissionChanged':
      return isText(message.newMission)
    default:
      return false
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isWholeFrom = (value: unknown, least: number) => Number.isSafeInteger(value) && (value as number) >= least
const isInt4 = (value: unknown, least: number) => isWholeFrom(value, least) && (value as number) < 2 ** 31

function isTime(text: string): boolean {
  const [, year, month, day, hour, minute, second, , , offsetHours = '0', offsetMinutes = '0'] = TIME.exec(text) ?? []
  if (year === undefined || Number(year) < 1) return false
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`)
  const isDay = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`)
  const isClock = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60
  return isDay && isClock && Number(offsetHours) < 24 && Number(offsetMinutes) < 60
}

function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return Buffer.from(value).toString() === value && !value.includes('\0')
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner))
}

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
