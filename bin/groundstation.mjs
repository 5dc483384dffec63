#!/usr/bin/env node
// Plain JavaScript that an old Node reads too: it hands over to the Node that a checkout brings along, or says what is needed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

const root = new URL('../', import.meta.url)
const { engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

if (isRecent(process.versions.node, engines.node)) {
  // A third of a short command's time is reading its own source. Where the folder can't be written to, it is read again.
  module.enableCompileCache?.(fileURLToPath(new URL('node_modules/.cache/groundstation', root)))
  const source = new URL('src/cli/main.ts', root)
  // A published package carries JavaScript: Node doesn't strip types under node_modules.
  const built = new URL('dist/src/cli/main.js', root)
  const { main } = await import((existsSync(built) && isInstalled() ? built : source).href)
  await main(process.argv.slice(2))
} else {
  const bundled = fileURLToPath(
    new URL(process.platform === 'win32' ? 'node_modules/node/bin/node.exe' : 'node_modules/node/bin/node', root),
  )
  if (existsSync(bundled)) handOver(bundled)
  else {
    const needed = `Groundstation needs Node ${engines.node.replace('>=', '')} or later, and this is ${process.versions.node}.`
    console.error(
      `${needed} Install a newer one from https://nodejs.org, or, in a checkout, run npm ci, which brings one.`,
    )
    process.exit(3)
  }
}

/** @param {string} version @param {string} range such as '>=24.6' */
function isRecent(version, range) {
  const have = version.split('.').map(Number)
  const need = range.replace('>=', '').split('.').map(Number)
  const at = need.findIndex((part, index) => part !== have[index])
  return at === -1 || have[at] > need[at]
}

function isInstalled() {
  return fileURLToPath(root).includes('node_modules')
}

/** @param {string} node */
function handOver(node) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  // Before the child is there: a signal that comes in between would end this process alone.
  // Ctrl-C reaches both processes, so that the child sees it twice; it takes two at once for one.
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  // The channel tells the child when this process is killed, so that no server is left behind.
  const child = spawn(node, process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  child.on('error', error => {
    console.error(`${node} can't be started: ${error.message}. Run npm ci to install it again.`)
    process.exit(3)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const one of signals) process.removeAllListeners(one)
    process.kill(process.pid, signal)
  })
}
