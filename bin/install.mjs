// Runs before `npm start` and `npm test`: installs the dependencies where they are missing or not those of package-lock.json.
// Plain JavaScript for whatever Node the machine has.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url))))
const lock = readLock(join(root, 'package-lock.json'))
const installed = readLock(join(root, 'node_modules', '.package-lock.json'))

if (installed === undefined || !(lock === undefined || isSame(lock, installed))) install()

/** @param {string} file */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Whether every package of the lock is installed; one that is optional may be missing, on another platform. */
function isSame(lock, installed) {
  return Object.entries(lock).every(([name, wanted]) => {
    if (name === '') return true
    const found = installed[name]
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

function install() {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    fail(`The dependencies must be installed, and ${root} can't be written to: run npm ci there as its owner.`)
  }
  // Windows doesn't remove a Node that runs, which is what npm ci would begin with.
  const mayClean = process.platform !== 'win32' || !existsSync(join(root, 'node_modules'))
  const command = lock === undefined || !mayClean ? 'install' : 'ci'
  if (lock === undefined) console.error('There is no package-lock.json: versions are those that npm finds now.')
  console.error(`Installing what is needed (npm ${command}) …`)
  // Development dependencies always: the Node that runs all this is one of them.
  const options = [command, '--include=dev', '--include=optional', '--no-fund', '--no-audit', '--loglevel=error']
  const npm = process.env.npm_execpath
  const run =
    npm?.endsWith('.js') === true
      ? spawnSync(process.env.npm_node_execpath ?? process.execPath, [npm, ...options], { cwd: root, stdio: 'inherit' })
      : spawnSync('npm', options, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  if (run.error !== undefined)
    fail(`npm can't be started: ${run.error.message}. Install Node with npm from https://nodejs.org.`)
  if (run.status !== 0) fail(`npm ${command} failed; what it says above tells why. Then run this again.`)
}

/** @param {string} message */
function fail(message) {
  console.error(message)
  process.exit(3)
}
