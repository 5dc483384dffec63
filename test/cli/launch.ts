// A launcher as bin/groundstation.mjs is one under an old Node: it can be killed without a chance to tell the program.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const program = join(import.meta.dirname, '../../bin/groundstation.mjs')
const child = spawn(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
})
console.log(`child ${child.pid}`)
