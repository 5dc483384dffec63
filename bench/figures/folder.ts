import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProduct } from '../product.ts'

/** A folder in which Groundstation has made its embedded database, at rest. */
export async function withHome<Result>(work: (home: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'groundstation-bench-'))
  try {
    const home = join(folder, 'home')
    const product = await startProduct({ home })
    await product.stop()
    return await work(home)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 })
  }
}
