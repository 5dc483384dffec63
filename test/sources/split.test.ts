import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { detect, type SplitItem, type SplitMode, Splitter } from '../../src/sources/split.ts'

/** Items as texts; one that is too large as its length. */
function split(text: string | Buffer, mode: SplitMode, cuts: readonly number[] = [], maxEventBytes = 1000) {
  const bytes = Buffer.from(text)
  const splitter = new Splitter({ maxEventBytes, mode })
  const items: SplitItem[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    items.push(...splitter.push(Buffer.from(bytes.subarray(from, cut))))
    from = cut
  }
  items.push(...splitter.end())
  return items.map(item => (item.tooLarge ? item.bytes : item.bytes.toString()))
}

const isJson = (text: string | number | undefined) => {
  try {
    return typeof text === 'string' && JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

describe('lines', () => {
  const cases: [string, string, (string | number)[]][] = [
    ['one a line', '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
    ['the last without its end', '{"a":1}\n{"a":2}', ['{"a":1}', '{"a":2}']],
    ['ends of both kinds', '1\r\n2\n3\r\n', ['1', '2', '3']],
    ['a \\r at the very end', '1\r', ['1']],
    ['blank lines', '\n\r\n  \t\n1\n\n', ['1']],
    ['a byte order mark', '\ufeff1\n\ufeff2', ['1', '\ufeff2']],
    ['nothing', '', []],
    ['a mark and nothing', '\ufeff', []],
    ['at the limit', `${'x'.repeat(1000)}\r\n1`, ['x'.repeat(1000), '1']],
    ['over it', `${'x'.repeat(1001)}\r\n1\n${'y'.repeat(5000)}`, [1001, '1', 5000]],
  ]
  for (const [name, text, expected] of cases)
    test(name, () => {
      assert.deepEqual(split(text, 'lines'), expected)
    })
})

describe('json', () => {
  const cases: [string, string, (string | number)[]][] = [
    ['one object', ' {"a": 1}\n', ['{"a": 1}']],
    ['an array', '[{"a":1},{"a":2}]', ['{"a":1}', '{"a":2}']],
    ['a pretty one', '[\n  {\n    "a": 1\n  } ,\n  {"b": []}\n]\n', ['{\n    "a": 1\n  }', '{"b": []}']],
    ['brackets and quotes in texts', '["]\\"[,", {"}":"\\\\"}]', ['"]\\"[,"', '{"}":"\\\\"}']],
    ['scalars', '[1, true ,null]', ['1', 'true', 'null']],
    ['an empty array', ' [ ] ', []],
    ['nothing', '  ', []],
    ['a byte order mark', '\ufeff[1]', ['1']],
    ['two values', '{"a":1}\n{"a":2}', ['{"a":1}\n{"a":2}']],
    ['an element missing', '[1,,2]', ['1', ',,2]']],
    ['a comma too many', '[1,]', ['1', ',]']],
    ['a comma first', '[,1]', ['[,1]']],
    ['a comma missing', '[{"a":1} {"a":2}, 3]', ['[{"a":1}{"a":2}, 3]']],
    ['the wrong bracket', '[1, {"a":[1}, {"b":2}]', ['1', ',{"a":[1}, {"b":2}]']],
    ['something behind it', '[1] {"a":1}', ['1', ']{"a":1}']],
    ['a second array', '[1]\n[2]\n', ['1', '][2]']],
    ['not closed', '[1,{"a":2}', ['1', ',{"a":2}']],
    ['cut off in an element', '[{"a":1},{"a":', ['{"a":1}', ',{"a":']],
    ['cut off in a text', '["a\\', ['["a\\']],
    ['cut off behind a comma', '[1,', ['1', ',']],
    ['only a bracket', '[', ['[']],
    ['a bare word', '[yes"', ['[yes"']],
    ['an element over the limit', `["${'x'.repeat(999)}",1]`, [1001, '1']],
    ['a value over the limit', `"${'x'.repeat(999)}"`, [1001]],
    ['a value at it, white space behind', `"${'x'.repeat(998)}"${' '.repeat(5000)}`, [`"${'x'.repeat(998)}"`]],
    [
      'an element at it, white space around',
      `[${' '.repeat(5000)}"${'x'.repeat(998)}"${' '.repeat(5000)}]`,
      [`"${'x'.repeat(998)}"`],
    ],
  ]
  for (const [name, text, expected] of cases)
    test(name, () => {
      assert.deepEqual(split(text, 'json'), expected)
    })

  test('nests as deep as it likes', () => {
    const deep = '['.repeat(5000) + ']'.repeat(5000)
    assert.deepEqual(split(`[${deep},1]`, 'json', [], 20_000), [deep, '1'])
  })

  test('what is broken never passes for an event', () => {
    const pieces = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '{"a":1}', '"b"', '\n', 'null')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), parts => {
        const text = `[${parts.join('')}`
        const items = split(text, 'json')
        assert.equal(items.every(isJson), isJson(text), JSON.stringify(items))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('any chunking gives the same items', () => {
  const document = fc.oneof(
    fc
      .array(fc.oneof(fc.constantFrom('[', ']', '{', '}', ',', '"', '\\', '\n', '\r', ' ', '\ufeff', 'é'), fc.json()))
      .map(parts => parts.join('')),
    fc.array(fc.jsonValue(), { maxLength: 8 }).map(values => JSON.stringify(values, null, 2)),
    fc.array(fc.json(), { maxLength: 8 }).map(lines => lines.join('\r\n')),
  )
  for (const mode of ['lines', 'json'] as const)
    test(mode, () => {
      fc.assert(
        fc.property(
          document,
          fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
          fc.integer({ min: 1, max: 60 }),
          (text, parts, maxEventBytes) => {
            const { length } = Buffer.from(text)
            const cuts = parts.map(part => Math.floor(part * length)).sort((a, b) => a - b)
            const whole = split(text, mode, [], maxEventBytes)
            assert.deepEqual(split(text, mode, cuts, maxEventBytes), whole)
            const each = Array.from({ length }, (_, index) => index)
            assert.deepEqual(split(text, mode, each, maxEventBytes), whole)
          },
        ),
        { numRuns: 1500 },
      )
    })

  test('an array gives its elements, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), fc.nat(4), (values, indent) => {
        const items = split(JSON.stringify(values, null, indent), 'json', [], 100_000)
        assert.deepEqual(
          items.map(item => JSON.parse(String(item))),
          values.map(value => JSON.parse(JSON.stringify(value))),
        )
      }),
    )
  })

  test('nothing but blank space is lost', () => {
    const significant = (text: string) => text.replace(/[ \t\r\n]/g, '')
    fc.assert(
      fc.property(document, text => {
        if (text.includes('\ufeff')) return
        assert.equal(split(text, 'lines').join('').length > 0, significant(text).length > 0)
        assert.equal(significant(split(text, 'lines', [], 1e6).join('')), significant(text))
      }),
    )
  })
})

describe('detect', () => {
  const cases: [string, string, SplitMode][] = [
    ['an array', ' \n[{"a":1}]', 'json'],
    ['an array behind a byte order mark', '\ufeff[', 'json'],
    ['one object over several lines', '{\n  "a": 1\n}\n', 'json'],
    ['one that goes on behind a comma', '{"a": 1,\r\n "b": 2}', 'json'],
    ['one with a list of objects', '{"a": [{},\n{}]}', 'json'],
    ['one with commas first', '{ "a": 1\n, "b": 2\n}', 'json'],
    ['lines', '{"a":1}\n{"a":2}\n', 'lines'],
    ['one line', '{"a":1}', 'lines'],
    ['several objects in a line', '{"a":1}{"a":2}\n{"a":3}', 'lines'],
    ['a first line that was cut off', '{"a":1,"b\n{"a":2}\n', 'lines'],
    ['a first line that was cut off behind a comma', '{"a":1,\n{"a":2}\n', 'lines'],
    ['nonsense', 'hello\n{"a":1}', 'lines'],
    ['nothing', '', 'lines'],
  ]
  for (const [name, text, expected] of cases)
    test(name, () => {
      assert.equal(detect(Buffer.from(text)), expected)
    })
})
