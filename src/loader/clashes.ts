import { GroundstationError } from '../errors.ts'
import { nameOf } from '../feed/relation.ts'
import { servedPaths } from '../feed/served.ts'
import type { LoadedFeed } from './loaded.ts'

/** A second feed of a name or a path is refused, with the first one's file. */
export function withoutClashes(loaded: readonly LoadedFeed[]): LoadedFeed[] {
  const taken = new Map<string, string>()
  const streams = new Set(loaded.flatMap(one => one.compiled?.alerts.map(alert => alert.stream) ?? []))
  return loaded.map(one => {
    if (one.compiled === undefined) return one
    const { name, source } = one.compiled
    const read = servedPaths(one.compiled)
    const streamed = read.find(path => streams.has(path))
    if (streamed !== undefined) {
      const message = `${one.file}: is read at ${streamed}, where alerts are streamed.`
      return { file: one.file, error: new GroundstationError('DECLARATION_INVALID', message, { at: one.file }) }
    }
    // One feed may take posts and serve its state at one path.
    const paths = new Set([source.path, ...read].filter(path => path !== undefined))
    const views = one.compiled.views.map(view => `view ${nameOf(view)}`)
    for (const place of [`name ${name}`, ...[...paths].map(path => `path ${path}`), ...views]) {
      const first = taken.get(place)
      if (first !== undefined) {
        const message = `${one.file}: has the ${place}, which ${first} has already.`
        return { file: one.file, error: new GroundstationError('DECLARATION_INVALID', message, { at: one.file }) }
      }
      taken.set(place, one.file)
    }
    return one
  })
}
