import { mix, seedWord } from './random.ts'

const HEX = Buffer.from('0123456789abcdef', 'latin1')
/** Where the 16 bytes' digits stand in the 36 characters of a UUID. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]
const DASH = 0x2d

/** The UUIDs (version 4 in form) of a seed's rockets. Different rockets of one seed never share one. */
export function createChannels(seed: number): (index: number) => string {
  const salts = ['uuid/1', 'uuid/2', 'uuid/3', 'uuid/4'].map(part => seedWord(seed, part))
  const bytes = Buffer.alloc(16)
  // One buffer for all: the text that is cut from it is flat, where joined pieces would each stay in memory.
  const text = Buffer.alloc(36, DASH)
  return index => {
    salts.forEach((salt, part) => {
      bytes.writeUInt32BE(mix(index ^ salt), part * 4)
    })
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
    PLACES.forEach((place, i) => {
      const byte = bytes[i] ?? 0
      text[place] = HEX[byte >> 4] ?? 0
      text[place + 1] = HEX[byte & 15] ?? 0
    })
    return text.toString('latin1')
  }
}
