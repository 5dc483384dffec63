import assert from 'node:assert/strict'
import { test } from 'node:test'
import rockets from '../../feeds/rockets.ts'
import graphql from '../../feeds/spacex-graphql.ts'
import { compileFeed } from '../../src/feed/compile.ts'
import type { DeclaredFeed } from '../../src/feed/declare.ts'
import { diagramFile } from '../../src/generate/diagram.ts'

const drawn = (...feeds: readonly DeclaredFeed[]) => diagramFile(feeds.map(feed => compileFeed(feed.declaration))).text

test('a diagram has a box for each table, with its columns and what tells its rows apart', () => {
  const text = drawn(rockets)
  assert.match(text, /^erDiagram\n/)
  assert.deepEqual(
    text.match(/^ {2}\w+ \{$/gm)?.map(line => line.trim()),
    ['rocket_launched {', 'speed_change {', 'rocket_exploded {', 'mission_changed {'],
  )
  const box = [
    '  speed_change {',
    '    uuid channel PK',
    '    bigint messagenumber PK',
    '    text messagetype',
    '    timestamptz messagetime',
    '    integer changevalue',
    '  }',
  ]
  assert.ok(text.includes(box.join('\n')), text)
})

test('a diagram has a line to the table whose number a column has, in whatever feed that is', () => {
  const text = drawn(...graphql)
  assert.deepEqual(
    text
      .match(/^.*\|\|--.*$/gm)
      ?.map(line => line.trim())
      .sort(),
    [
      'staging-launch ||--o{ staging-launch_links : id_launch',
      'staging-launch ||--o{ staging-launch_mission : id_launch',
      'staging-mission ||--o{ staging-launch : id_mission',
      'staging-mission ||--o{ staging-launch_mission : id_mission',
      'staging-rocket ||--o{ staging-launch : id_rocket',
    ],
  )
  assert.match(text, /^ {2}staging-launch_mission\["staging\.launch_mission"\] \{\n {4}integer id_launch PK, FK\n/m)
})
