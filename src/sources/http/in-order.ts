/**
 * Works on several chunks at once, and tells the results in the order of the chunks, each as soon as it and all before it
 * are there. Never more than `atOnceMax` are being worked on; the next chunk isn't asked for before.
 */
export async function* inOrder<Chunk, Result>(
  chunks: AsyncIterator<Chunk, void, undefined>,
  work: (chunk: Chunk) => Promise<Result>,
  atOnceMax: number,
): AsyncGenerator<Result, void, undefined> {
  type Step = { readonly result: Result } | { readonly next: IteratorResult<Chunk, void> }
  const working: Promise<Step>[] = []
  let arriving: Promise<Step> | undefined
  let isEnd = false
  try {
    for (;;) {
      if (!isEnd && working.length < atOnceMax) arriving ??= handled(chunks.next().then(next => ({ next })))
      const [head] = working
      if (head === undefined && arriving === undefined) return
      const step = await Promise.race([head, arriving].filter(one => one !== undefined))
      if ('result' in step) {
        working.shift()
        yield step.result
      } else {
        arriving = undefined
        if (step.next.done) isEnd = true
        else working.push(handled(work(step.next.value).then(result => ({ result }))))
      }
    }
  } finally {
    // Not awaited: it would wait for a chunk that may never come.
    handled(Promise.resolve(chunks.return?.()))
  }
}

/** Whoever fails while nobody waits is found later, when its turn comes, or never, when the answer has failed already. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
