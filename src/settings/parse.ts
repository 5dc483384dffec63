/** Why a text is no value for a setting. */
export type Refusal = { readonly expected: string }

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'expected' in value

const refuse = (expected: string): Refusal => ({ expected })

/** From a setting's text to its value, or to what was expected. */
export const parsers = {
  text: (text: string): string | Refusal => text,

  host: (text: string): string | Refusal =>
    /^[A-Za-z0-9.:_[\]-]+$/.test(text) ? text : refuse('an address such as 127.0.0.1, 0.0.0.0 or ::1, or a host name'),

  integer:
    (least: number, most: number, what: string) =>
    (text: string): number | Refusal => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
      return value >= least && value <= most ? value : refuse(`${what} from ${least} to ${most}`)
    },

  pem: (text: string): string | Refusal =>
    /-----BEGIN [A-Z0-9 ]+-----/.test(text) ? text : refuse('a PEM text, or its file as …_FILE'),

  oneOf:
    <const Choice extends string>(choices: readonly Choice[]) =>
    (text: string): Choice | Refusal =>
      choices.find(choice => choice.toLowerCase() === text.toLowerCase()) ?? refuse(`one of ${choices.join(', ')}`),

  url:
    (...schemes: readonly string[]) =>
    (text: string): string | Refusal =>
      schemes.some(scheme => text.startsWith(`${scheme}://`) && URL.canParse(firstHostOnly(text)))
        ? text
        : refuse(`a URL that begins with ${schemes.map(scheme => `${scheme}://`).join(' or ')}`),

  secret:
    (bytesMin: number) =>
    (text: string): string | Refusal =>
      Buffer.byteLength(text) >= bytesMin ? text : refuse(`at least ${bytesMin} bytes, such as openssl rand -hex 32`),

  brokers: (text: string): readonly string[] | Refusal => {
    const brokers = text
      .split(',')
      .map(broker => broker.trim())
      .filter(broker => broker !== '')
    const fit = brokers.length > 0 && brokers.every(broker => /^[^\s:/]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/.test(broker))
    return fit ? brokers : refuse('host:port, several with commas between')
  },
}

/** Drivers take several hosts with commas between, which a URL doesn't. */
function firstHostOnly(text: string): string {
  return text.replace(/^([a-z+]+:\/\/(?:[^@/]*@)?[^,/]*),[^/?]*/, '$1')
}
