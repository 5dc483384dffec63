/** The other end of `startProcess`: a child that does what its parent asks, one call after another. */

export type Handlers = { readonly [name: string]: (argument: never) => Promise<unknown> }

export type Call = { readonly id: number; readonly name: string; readonly argument: unknown }
export type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string }

/** Answers the parent's calls until it goes away. */
export function serve(handlers: Handlers): void {
  process.on('message', async ({ id, name, argument }: Call) => {
    const answer = await perform(handlers, name, argument)
    process.send?.({ id, ...answer })
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ id: 0 })
}

async function perform(handlers: Handlers, name: string, argument: unknown): Promise<Omit<Answer, 'id'>> {
  try {
    return { result: await handlers[name]?.(argument as never) }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
