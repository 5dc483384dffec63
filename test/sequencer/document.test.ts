import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(`${ROOT}docs/sequencing.md`, 'utf8')

/** Each rule's text by its number. */
const rules = new Map(
  page
    .split(/^(?=\*\*\d+\. |## )/m)
    .flatMap(part => (/^\*\*(\d+)\. /.exec(part)?.[1] === undefined ? [] : [[Number(/\d+/.exec(part)?.[0]), part]])),
) as Map<number, string>

/** The rules that a source's titles name, as in `rule 7: …`, `rules 3 and 9: …`, `rules 4 to 8: …`. */
function rulesNamed(source: string): Set<number> {
  const named = new Set<number>()
  for (const [, list = ''] of source.matchAll(/['"`]rules? ([\d, andto]+): /g)) {
    const numbers = [...list.matchAll(/\d+/g)].map(([number]) => Number(number))
    const [first = 0, last = first] = numbers
    if (list.includes('to')) for (let rule = first; rule <= last; rule++) named.add(rule)
    for (const rule of numbers) named.add(rule)
  }
  return named
}

describe('docs/sequencing.md', () => {
  it('has the rules 1 to 20', () =>
    assert.deepEqual(
      [...rules.keys()],
      Array.from({ length: 20 }, (_, index) => index + 1),
    ))

  for (const [number, text] of rules) {
    const files = [...text.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, file = '']) => file)
    if (/^\*\*\d+\. [^*]*not built yet/.test(text)) continue
    it(`names the code and the tests of rule ${number}, and they are there`, () => {
      for (const file of files)
        assert.ok(existsSync(ROOT + file), `${file} is gone: name what enforces rule ${number} now`)
      assert.ok(files.some(file => file.startsWith('src/')) && files.some(file => file.startsWith('test/')))
    })
    // The embedded server's tests have titles of their own.
    if (number === 20) continue
    it(`names a file whose tests name rule ${number}`, () =>
      assert.ok(
        files.some(file => file.startsWith('test/') && rulesNamed(readFileSync(ROOT + file, 'utf8')).has(number)),
        `none of ${files} has a test titled 'rule ${number}: …'`,
      ))
  }
})
