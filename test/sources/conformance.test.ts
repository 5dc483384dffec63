import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createServer } from '../../src/api/server.ts'
import { ingest } from '../../src/sources/file/ingest.ts'
import { folderWith } from '../cli/program.ts'
import { conform, type Delivery, type World } from './conformance.ts'

/** A file that grows, under one name. */
async function openFile({ t, engine, feed }: World): Promise<Delivery> {
  const path = join(await folderWith(t), 'events.ndjson')
  await writeFile(path, '')
  const read = async () => {
    await ingest({ engine, feed, inputs: [{ name: 'events', path }], as: 'events', eventBytesMax: 1000 })
  }
  return {
    deliver: async events => {
      await appendFile(path, events.map(event => `${event}\n`).join(''))
      await read()
    },
    again: read,
    origin: index => ({ file: 'events', event: index + 1 }),
  }
}

/** Posts, each with a key of its own, and each sent twice. */
async function openPosts({ t, engine, store, feed }: World): Promise<Delivery> {
  const log = { error: () => undefined, warn: () => undefined, info: () => undefined }
  const server = await createServer({ engine, query: store.query, feeds: engine.feeds, log, version: 'test' })
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const sent: string[] = []
  const post = async (number: number) => {
    const answer = await fetch(`${address}/feeds/${feed}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `post-${number}` },
      body: sent[number] ?? '',
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  return {
    deliver: async events => {
      sent.push(events.map(event => `${event}\n`).join(''))
      await post(sent.length - 1)
    },
    again: async () => {
      for (const number of sent.keys()) await post(number)
    },
    origin: index => ({ http: `/feeds/${feed}/events`, event: index + 1 }),
  }
}

conform({ name: 'file', open: openFile })
conform({ name: 'http', open: openPosts })
