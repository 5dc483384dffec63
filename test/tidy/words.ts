import { type Complaint, lineOf, type SourceFile } from './files.ts'

type Rule = { readonly pattern: RegExp; readonly in: 'text' | 'code'; readonly remedy: string }

/** What doesn't belong into any file under src/, and what to write instead. */
const RULES: readonly Rule[] = [
  {
    pattern: /rocket|launch|vehicle|detection|spacex/gi,
    in: 'text',
    remedy: 'a word of a feed: only feeds/, simulators/ and tests know what feeds are about; say it in general words',
  },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/g, in: 'text', remedy: 'do it, or open an issue and leave the mark out' },
  { pattern: /(?<=[:<|&(]\s*|\bas\s+)any\b(?!\w)/g, in: 'code', remedy: 'write unknown and check it, or the type' },
  {
    pattern: /(?<=[\w)\]])!(?=[.,;)\]\n[])/g,
    in: 'code',
    remedy: 'a bare ! asserts what nobody checks: handle undefined',
  },
  { pattern: /\benum\s+\w+\s*\{/g, in: 'code', remedy: 'write a union of strings' },
  {
    pattern: /\bnew Error\(/g,
    in: 'code',
    remedy: 'raise a GroundstationError with a code from src/errors.ts; TypeError for what can only be our own mistake',
  },
  { pattern: /^export default\b/gm, in: 'code', remedy: 'export it by name, so that it is called the same everywhere' },
  { pattern: /@ts-(ignore|nocheck|expect-error)/g, in: 'text', remedy: 'mend the types' },
]

/** For rooms that compute only: time, chance and surroundings are arguments. */
const PURE_RULES: readonly Rule[] = [
  {
    pattern:
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.|\bsetTimeout\(|\bsetInterval\(|\bfetch\(/g,
    in: 'code',
    remedy: 'this room is pure: pass it in as an argument',
  },
]

export function wordFaults(file: SourceFile, isPure: boolean): Complaint[] {
  return [...RULES, ...(isPure ? PURE_RULES : [])].flatMap(rule =>
    [...file[rule.in].matchAll(rule.pattern)].map(
      ({ 0: found, index }) => `${file.path}:${lineOf(file.text, index)}: '${found.trim()}': ${rule.remedy}`,
    ),
  )
}

const BANNED = /^(utils?|utilities|helpers?|commons?|types?|managers?|misc|shared|lib)\.ts$/

/** Names that say nothing of what is in the file. */
export function nameFaults({ path }: Pick<SourceFile, 'path'>): Complaint[] {
  const name = path.split('/').at(-1) ?? ''
  if (BANNED.test(name)) return [`${path}: call the file by what is in it, not ${name}`]
  if (/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|service\.test|long\.test))?\.ts$/.test(name)) return []
  return [`${path}: write file names in small letters, with - between words`]
}
