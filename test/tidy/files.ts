import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A file of the project, as the rules look at it. */
export type SourceFile = {
  /** From the project's root, with `/`. */
  readonly path: string
  readonly text: string
  /** The text without comments, strings and regular expressions. */
  readonly code: string
  readonly imports: readonly Import[]
}

/** `target` is a path from the root, or a package's name. */
export type Import = { readonly target: string; readonly isPackage: boolean }

/** Something that a rule found: where, and what to do about it. */
export type Complaint = string

export async function readFiles(root: string, pattern: string): Promise<SourceFile[]> {
  const paths: string[] = []
  for await (const path of glob(pattern, { cwd: root })) if (!path.includes('node_modules')) paths.push(path)
  const files = paths.sort().map(async path => {
    return sourceFile(path.replaceAll('\\', '/'), await readFile(join(root, path), 'utf8'))
  })
  return Promise.all(files)
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: codeOf(text), imports: importsOf(path, text) }
}

const IMPORT =
  /^(?:import|export)\b[^'"]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, from, bare, dynamic]) => {
    const specifier = from ?? bare ?? dynamic ?? ''
    if (!specifier.startsWith('.')) return { target: packageOf(specifier), isPackage: true }
    return { target: join(dirname(path), specifier).replaceAll('\\', '/'), isPackage: false }
  })
}

/** `@scope/name/deep` → `@scope/name`; what comes with Node keeps its `node:`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

const NOT_CODE =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|(?<=[=(,:[!&|?{};\n]\s*|return\s+)\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g

/** What is left of a text is blank, so that lines keep their numbers. */
const codeOf = (text: string) => text.replace(NOT_CODE, found => found.replace(/[^\n]/g, ' '))

export const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length
