import { homedir } from 'node:os'
import { join } from 'node:path'

/** What was downloaded once, outside of the checkout. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'groundstation')
