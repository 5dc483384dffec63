import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingTool, startExample } from '../../test/examples/example.ts'
import { asGithub } from '../../test/http/sign.ts'

const OLD = 'the-secret-of-last-year-0123'
const NEW = 'the-secret-of-this-year-4567'
const ROWS = 'select delivery, event, repository, action, sender from github_deliveries order by id'

const delivery = (action: string) =>
  JSON.stringify({
    action,
    repository: { full_name: 'octocat/hello' },
    sender: { login: 'octocat' },
    issue: { number: 1 },
  })
const named = (name: string, signed: Record<string, string>) => ({
  'x-github-delivery': name,
  'x-github-event': 'issues',
  ...signed,
})

test('deliveries are kept once, whoever redelivers them; what isn’t GitHub’s leaves nothing', async t => {
  const example = await startExample(t, 'github', { GITHUB_WEBHOOK_SECRETS: OLD })
  const [opened, closed] = [delivery('opened'), delivery('closed')]
  const post = (body: string, name: string, signed: Record<string, string>) =>
    example.post('/github', body, named(name, signed))
  assert.deepEqual((await post(opened, 'd1', asGithub(opened, OLD))).body, { outcome: 'accepted' })
  assert.deepEqual((await post(opened, 'd1', asGithub(opened, OLD))).body, { outcome: 'duplicate' })
  // The same action on the same issue once more is another delivery.
  assert.deepEqual((await post(opened, 'd2', asGithub(opened, OLD))).body, { outcome: 'accepted' })
  assert.equal((await post(closed, 'd2', asGithub(closed, OLD))).status, 409)
  for (const signed of [{}, asGithub(closed, NEW), asGithub(opened, OLD)])
    assert.equal((await post(closed, 'd3', signed)).status, 401)
  assert.deepEqual(await example.sql(ROWS), [
    ['d1', 'issues', 'octocat/hello', 'opened', 'octocat'],
    ['d2', 'issues', 'octocat/hello', 'opened', 'octocat'],
  ])
  assert.deepEqual(await example.sql('select source from groundstation.record order by source'), [
    ['key:d1'],
    ['key:d2'],
  ])
  assert.deepEqual(await example.sql('select count(*)::int from groundstation.dead_letters'), [[0]])

  const rotating = await example.restart({ GITHUB_WEBHOOK_SECRETS: `${NEW},${OLD}` })
  const again = (body: string, name: string, secret: string) =>
    rotating.post('/github', body, named(name, asGithub(body, secret)))
  assert.deepEqual((await again(closed, 'd4', OLD)).body, { outcome: 'accepted' })
  assert.deepEqual((await again(closed, 'd5', NEW)).body, { outcome: 'accepted' })
  assert.deepEqual((await again(opened, 'd1', NEW)).body, { outcome: 'duplicate' })

  const off = await rotating.restart({})
  assert.match(off.told, /its source is off: GITHUB_WEBHOOK_SECRETS isn't set/)
  assert.equal((await off.post('/github', opened, named('d6', asGithub(opened, NEW)))).status, 503)
  assert.equal((await off.get('/github/deliveries')).size, 4)
})

const missing = await missingTool('curl', 'openssl', 'psql')
test('the commands of the README do what it says', { skip: missing ?? false }, async t => {
  const example = await startExample(t, 'github', { GITHUB_WEBHOOK_SECRETS: NEW })
  assert.equal(await example.run('X-GitHub-Delivery'), '{"outcome":"accepted"}')
  assert.equal(await example.run('X-GitHub-Delivery'), '{"outcome":"duplicate"}')
  const shown = await example.run('/github/deliveries')
  assert.match(shown, /"size":1,.*"repository":"octocat\/hello"/)
  assert.match(shown, /72d3162e-cc78-11e3\|issues\|opened\|octocat\/hello\n$/)
})
