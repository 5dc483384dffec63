import { registerHooks } from 'node:module'

const ENTRIES: Readonly<Record<string, string>> = {
  groundstation: '../index',
  'groundstation/testing': '../testing/index',
}

/** `.ts` in a checkout, `.js` in a published package. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'))

/** What 'groundstation' stands for. */
export const ENTRY = new URL(`../index${EXTENSION}`, import.meta.url).href

let isRegistered = false

/**
 * Lets feed files import from 'groundstation' wherever they lie, with nothing installed beside them: they get the very
 * program that reads them. Without it each folder of feeds would need a package.json and an installation of its own.
 */
export function registerResolution(): void {
  if (isRegistered) return
  isRegistered = true
  registerHooks({
    resolve: (specifier, context, next) => {
      const entry = ENTRIES[specifier]
      if (entry !== undefined) return next(new URL(`${entry}${EXTENSION}`, import.meta.url).href, context)
      const resolved = next(specifier, context)
      // In a folder without a package.json Node would have to guess what a .ts file is, and warn of it.
      const isUndecided = (resolved.format ?? undefined) === undefined && resolved.url.endsWith('.ts')
      return isUndecided ? { ...resolved, format: 'module-typescript' } : resolved
    },
  })
}
