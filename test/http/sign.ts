import { createHmac } from 'node:crypto'

/** Headers as senders make them, by code that shares nothing with what checks them. */
type Body = string | Buffer
export type SignedHeaders = Record<string, string>

const hmac = (key: Body, ...parts: readonly Body[]) => {
  const made = createHmac('sha256', key)
  for (const part of parts) made.update(part)
  return made.digest()
}
const nowSeconds = () => Math.floor(Date.now() / 1000)

export const asGithub = (body: Body, secret: string): SignedHeaders => ({
  'x-hub-signature-256': `sha256=${hmac(secret, body).toString('hex')}`,
})

export const asStripe = (body: Body, secret: string, seconds = nowSeconds()): SignedHeaders => ({
  'stripe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.`, body).toString('hex')}`,
})

export const asStandard = (body: Body, secret: string, id = 'msg_1', seconds = nowSeconds()): SignedHeaders => ({
  'webhook-id': id,
  'webhook-timestamp': String(seconds),
  'webhook-signature': `v1,${hmac(Buffer.from(secret.slice('whsec_'.length), 'base64'), `${id}.${seconds}.`, body).toString('base64')}`,
})
