import { compileFeed } from '../../src/feed/compile.ts'
import { replayFeed } from '../../src/replay/replay.ts'
import { openStore } from '../../src/store/store.ts'
import { sums } from './feeds.ts'

/** A process that replays, and says how far it is: to be killed. */
const store = await openStore(process.argv[2] ?? '')
await replayFeed({
  store,
  feed: compileFeed(sums().declaration),
  onProgress: ({ step }) => process.stdout.write(`${step}\n`),
})
await store.close()
