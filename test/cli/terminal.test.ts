import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'
import { createLog } from '../../src/cli/log.ts'
import { createProgress } from '../../src/cli/progress.ts'

/** A stream that keeps what was written, and says whether it is a terminal. */
function stream(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly text: () => string } {
  let text = ''
  const fake = Object.assign(new EventEmitter(), {
    isTTY,
    columns: 40,
    write: (piece: string) => {
      text += piece
      return true
    },
  })
  return { stream: fake as unknown as NodeJS.WriteStream, text: () => text }
}

describe('progress', () => {
  test('is a bar on a terminal, drawn over and wiped at the end', () => {
    const terminal = stream(true)
    const progress = createProgress(terminal.stream)
    progress.show({ fraction: 0.5, text: 'a file of lines' })
    progress.show({ fraction: 0.6, text: 'too soon after' })
    progress.tell('a line')
    progress.done()
    assert.equal(terminal.text(), '\r\u001b[K[############------------]  50% a file \r\u001b[Ka line\n')
  })

  test('says nothing elsewhere before some seconds have gone by', () => {
    const pipe = stream(false)
    const progress = createProgress(pipe.stream)
    progress.show({ fraction: 0.5, text: 'a file' })
    progress.tell('a line')
    progress.done()
    assert.equal(pipe.text(), 'a line\n')
  })
})

describe('the log', () => {
  test('is short lines on a terminal', () => {
    const terminal = stream(true)
    const log = createLog('info', terminal.stream)
    log.info('ready')
    log.warn({ feed: 'steps' }, 'slow')
    log.debug('not told')
    const [ready, slow, rest] = terminal.text().split('\n')
    assert.match(ready ?? '', /^\d\d:\d\d:\d\d ready$/)
    assert.equal(slow?.slice(9), '\u001b[33mwarn\u001b[0m: slow feed="steps"')
    assert.equal(rest, '')
  })

  test('is lines of JSON elsewhere', () => {
    const pipe = stream(false)
    createLog('warn', pipe.stream).error({ err: new TypeError('oh') }, 'it broke')
    const { level, msg, err } = JSON.parse(pipe.text()) as Record<string, unknown>
    assert.deepEqual(
      { level, msg, type: (err as { type: string }).type },
      { level: 50, msg: 'it broke', type: 'TypeError' },
    )
  })
})
