import { type Environment, type FromEnvironment, isFromEnvironment } from './env.ts'
import type { Fault } from './fault.ts'

/** How a sender signs what it posts. All are HMAC-SHA-256 over the body's bytes; they differ in headers and in what else is signed. */
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number]
export const SIGNATURE_SCHEMES = ['standard', 'github', 'stripe'] as const

/** A post must be signed with one of the secrets: `{ scheme: 'github', secrets: env('GITHUB_WEBHOOK_SECRETS', '') }`. */
export type Signature = {
  readonly scheme: SignatureScheme
  /** A setting: one secret, or several with commas between, all of them good while one takes the place of another. */
  readonly secrets: FromEnvironment
}

type Options = { readonly secrets: FromEnvironment }

/** Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`; secrets in base64, with or without `whsec_`. */
export const standardWebhooks = ({ secrets }: Options): Signature => ({ scheme: 'standard', secrets })
/** GitHub: `X-Hub-Signature-256`. It signs the body alone, so a delivery doesn't grow old. */
export const github = ({ secrets }: Options): Signature => ({ scheme: 'github', secrets })
/** Stripe: `Stripe-Signature`. */
export const stripe = ({ secrets }: Options): Signature => ({ scheme: 'stripe', secrets })

/** A signature whose setting is read. */
export type CompiledSignature = {
  readonly scheme: SignatureScheme
  /** The setting's name. */
  readonly setting: string
  /** Empty where the setting isn't set: then nobody can post. A function, so that no log or answer shows them by accident. */
  readonly keys: () => readonly Buffer[]
}

/** A shorter one can be found by trying, from a single delivery. */
const SECRET_BYTES_MIN = 16
/** Each is tried on each post. */
const SECRETS_MAX = 8

/** Adds to `faults` what is wrong with the setting, without a word of what is in it. */
export function compileSignature(
  signature: Signature | undefined,
  environment: Environment,
  faults: Fault[],
): CompiledSignature | undefined {
  if (signature === undefined) return undefined
  const { scheme, secrets } = signature
  const { env: setting } = secrets
  const fault = (message: string) => void faults.push({ place: 'source.signature.secrets', message })
  const texts = (environment.get(setting) ?? '')
    .split(/[,\r\n]/)
    .map(text => text.trim())
    .filter(text => text !== '')
  const keys = texts.map(text => keyOf(scheme, text))
  if (keys.length > SECRETS_MAX) fault(`${setting} has ${keys.length} secrets: expected ${SECRETS_MAX} at most`)
  for (const [index, key] of keys.entries()) {
    const which = keys.length === 1 ? setting : `number ${index + 1} of ${setting}`
    if (key === undefined)
      fault(`${which} is no base64 (not shown): expected it as its sender shows it, such as whsec_…`)
    else if (key.length < SECRET_BYTES_MIN)
      fault(`${which} has ${key.length} bytes: expected at least ${SECRET_BYTES_MIN}, such as openssl rand -hex 32`)
  }
  return { scheme, setting, keys: () => keys.filter(key => key !== undefined) }
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function keyOf(scheme: SignatureScheme, secret: string): Buffer | undefined {
  if (scheme !== 'standard') return Buffer.from(secret)
  const text = secret.replace(/^whsec_/, '')
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** The bare form of a declared signature. A secret that stands in the declaration is one that everybody can read. */
export function signatureFaults(signature: unknown): Fault[] {
  if (signature === undefined) return []
  const place = 'source.signature'
  const schemes = SIGNATURE_SCHEMES.join(', ')
  if (typeof signature !== 'object' || signature === null || !('scheme' in signature))
    return [{ place, message: `a signature is { scheme, secrets }, or made by github, stripe or standardWebhooks` }]
  if (!SIGNATURE_SCHEMES.some(scheme => scheme === signature.scheme))
    return [{ place: `${place}.scheme`, message: `expected one of ${schemes}` }]
  const secrets = 'secrets' in signature ? signature.secrets : undefined
  if (!isFromEnvironment(secrets) || (secrets.otherwise ?? '') !== '')
    return [{ place: `${place}.secrets`, message: "secrets are a setting without a default: env('NAME', '')" }]
  return []
}
