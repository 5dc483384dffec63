import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { anotherHome, MADE_HOME, makeHome } from './made-home.ts'

/** A home of its own that was made before, at rest. */
export async function copyMadeHome(to: string): Promise<void> {
  await anotherHome(process.env[MADE_HOME] ?? (await homeOfThisFile()), to)
}

let ownHome: Promise<string> | undefined
let ownFolder: string | undefined

/** For a file that is run without `run.ts`. */
function homeOfThisFile(): Promise<string> {
  ownHome ??= makeOwnHome()
  return ownHome
}

async function makeOwnHome(): Promise<string> {
  ownFolder = await mkdtemp(join(tmpdir(), 'groundstation-made-'))
  const home = join(ownFolder, 'home')
  await makeHome(home)
  return home
}

// Here, and not where it is made: that may be within a test, which would remove it at its own end.
after(async () => {
  if (ownFolder !== undefined) await rm(ownFolder, { recursive: true, force: true, maxRetries: 10 })
})
