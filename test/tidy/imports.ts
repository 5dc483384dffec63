import type { Complaint, SourceFile } from './files.ts'
import { ROOMS, roomOf } from './rooms.ts'

/** Imports between rooms go one way, and packages stay in theirs. */
export function importFaults(file: SourceFile): Complaint[] {
  const name = roomOf(file.path)
  const room = ROOMS[name]
  if (room === undefined)
    return [`${file.path}: the room src/${name} is new: add it to test/tidy/rooms.ts and docs/architecture.md`]
  return file.imports.flatMap(({ target, isPackage }) => {
    if (isPackage) {
      const isNode = target.startsWith('node:')
      if (room.packages?.includes(target) || (isNode && room.isPure !== true)) return []
      const remedy = isNode
        ? `src/${name} is pure: pass in what ${target} would give`
        : `use ${target} only in its own room, or allow it in test/tidy/rooms.ts with a reason in docs/dependencies.md`
      return [`${file.path}: imports ${target}: ${remedy}`]
    }
    if (!target.startsWith('src/'))
      return [`${file.path}: imports ${target}: what is under src/ doesn't know what is beside it`]
    const inside = target.slice('src/'.length)
    if (inside === 'errors.ts' || roomOf(target) === name || room.may.some(place => inside.startsWith(place))) return []
    return [
      `${file.path}: imports ${inside}: src/${name} may import ${['errors.ts', ...room.may].join(', ')}: move the code, or hand it in as an argument`,
    ]
  })
}

/** What a simulator may know of src/: its errors, which have a type of their own. */
export function simulatorFaults(file: SourceFile): Complaint[] {
  return file.imports
    .filter(({ target }) => target.startsWith('src/') && target !== 'src/errors.ts')
    .map(
      ({ target }) =>
        `${file.path}: imports ${target}: a simulator stands for someone else's program: it only speaks to ours`,
    )
}

/** Circles of files that import one another, types included: whoever reads one has to read all. */
export function importCycles(files: readonly SourceFile[]): Complaint[] {
  const byPath = new Map(files.map(file => [file.path, file]))
  const done = new Set<string>()
  const cycles: Complaint[] = []
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start !== -1) {
      const circle = [...trail.slice(start), path].join(' → ')
      cycles.push(`${circle}: a circle: move what both need into a file of its own`)
      return
    }
    if (done.has(path)) return
    for (const { target, isPackage } of byPath.get(path)?.imports ?? []) if (!isPackage) visit(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  return cycles
}
