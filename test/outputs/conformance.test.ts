import { createServer } from '../../src/api/server.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { ALERTS_CHANNEL } from '../../src/store/listen.ts'
import { type Reader, read } from '../live/reader.ts'
import { alarmsFeed } from './alarms.ts'
import { conformTeller, type Telling, type TellingWorld, type Told } from './conformance.ts'

type Serving = { readonly url: string; close(): Promise<void> }

/** A client that reconnects to whichever server there is, with the last id that it got. */
function openStream(world: TellingWorld): Telling {
  const servers: Serving[] = []
  const kept: Told[] = []
  let lastId = '0'
  let reader: Reader | undefined
  const leave = () => {
    if (reader === undefined) return
    reader.close()
    lastId = reader.lastId() ?? lastId
    kept.push(...toldOf(reader))
    reader = undefined
  }
  const connect = async () => {
    const [first] = servers
    if (reader !== undefined || first === undefined) return
    reader = await read(`${first.url}/alerts`, { 'last-event-id': lastId })
  }
  world.t.after(leave)
  return {
    begin: async () => {
      servers.push(await serve(world))
      await connect()
    },
    kill: async () => {
      leave()
      await servers.shift()?.close()
      await connect()
    },
    told: async () => [...kept, ...(reader === undefined ? [] : toldOf(reader))],
  }
}

const toldOf = ({ received }: Reader): Told[] => received.map(({ id, data }) => ({ id: Number(id), data }))

async function serve({ t, store, feed, topic }: TellingWorld): Promise<Serving> {
  const engine = createEngine({ store, feeds: [alarmsFeed(feed, topic)] })
  const log = { error: () => undefined, warn: () => undefined, info: () => undefined }
  const server = await createServer({
    engine,
    feeds: engine.feeds,
    query: store.query,
    listen: onGrown => store.listen(ALERTS_CHANNEL, onGrown),
    log,
    version: 'test',
  })
  t.after(() => server.close())
  const { address } = await server.listen({ host: '127.0.0.1', port: 0 })
  return { url: address, close: () => server.close() }
}

conformTeller({
  name: 'the live stream',
  rules: ['loud', 'quiet'],
  topic: async () => 'nobody.reads',
  open: openStream,
})
