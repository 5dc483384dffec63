/** Copies of the source with a bug planted in them, to show that the checker sees it. The project itself is never touched. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './service.ts'

export type Edit = { readonly file: string; readonly find: string; readonly replace: string }

const COPIED = ['src', 'feeds', 'bin', 'package.json', 'test/faults/child.ts', 'test/faults/loud-rockets.ts']

/** A copy with these edits; each must find its text exactly once, so that a bug that can't be planted any more is noticed. */
export async function plant(t: { after(work: () => Promise<void>): void }, edits: readonly Edit[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'groundstation-planted-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'test/faults'), { recursive: true })
  for (const path of COPIED) await cp(join(PROJECT, path), join(root, path), { recursive: true })
  await symlink(join(PROJECT, 'node_modules'), join(root, 'node_modules'), 'dir')
  for (const edit of edits) await writeFile(join(root, edit.file), await edited(root, edit))
  return root
}

/** The file's text with the edit in it. */
export async function edited(root: string, { file, find, replace }: Edit): Promise<string> {
  const parts = (await readFile(join(root, file), 'utf8')).split(find)
  if (parts.length !== 2)
    throw new Error(`a bug can't be planted: ${file} has ${parts.length - 1} times what is to be replaced:\n${find}`)
  return parts.join(replace)
}
