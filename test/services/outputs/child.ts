/** The outputs of a feed as a process of their own, which ends or freezes itself at a named place. */
import { createServer } from 'node:http'
import { onOutputFailpoint } from '../../../src/outputs/failpoint.ts'
import { Outputs } from '../../../src/outputs/outputs.ts'
import { ALERTS_CHANNEL } from '../../../src/store/listen.ts'
import { openStore } from '../../../src/store/store.ts'
import { alarmsFeed } from '../../outputs/alarms.ts'

const { DATABASE_URL = '', BROKERS = '', TOPIC = '', FEED = '', HOLD_MS, POINT, TIMES = '1', SIGNAL } = process.env

let left = Number(TIMES)
onOutputFailpoint(async point => {
  if (point !== POINT || --left !== 0) return
  if (SIGNAL === 'SIGSTOP') console.log('frozen')
  process.kill(process.pid, SIGNAL as NodeJS.Signals)
  // A signal to oneself may take a moment: nothing more is done before it has come.
  await new Promise(resolve => setTimeout(resolve, 50))
})

const store = await openStore(DATABASE_URL)
const log = (level: string, message: string) => console.log(`${level}: ${message}`)
const kafka = { brokers: BROKERS.split(','), createsTopics: false }
const outputs = new Outputs({
  query: store.query,
  feeds: [alarmsFeed(FEED, TOPIC)],
  kafka,
  holdMs: Number(HOLD_MS),
  log,
})
store.listen(ALERTS_CHANNEL, stream => outputs.wake(stream))
outputs.start()
createServer((_, response) => response.end()).listen(Number(process.env.PORT), '127.0.0.1')
console.log('started')
