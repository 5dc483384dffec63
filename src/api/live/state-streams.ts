import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Engine } from '../../engine/contract.ts'
import type { CompiledFeed } from '../../feed/compile.ts'
import type { CompiledState } from '../../feed/state.ts'
import type { Query } from '../../store/read/query.ts'
import { notFound } from '../context.ts'
import { AllStates } from './all-states.ts'
import { KeyStates, type StateSource } from './key-states.ts'
import { type LiveContext, serveLive } from './serve.ts'
import { StateLog } from './state-log.ts'

type Parts = {
  readonly engine: Engine
  readonly query: Query
  readonly feed: CompiledFeed
  readonly state: CompiledState
  readonly live: LiveContext
}

/** The streams of one feed's states, of all and of each key: one log for all of them, made when the first is asked for. */
export class StateStreams {
  readonly #parts: Parts
  #source: StateSource | undefined
  #all: AllStates | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  all(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#all ??= new AllStates(this.#opened())
    return serveLive(request, reply, this.#all, this.#parts.live)
  }

  /** `given` is the key as it was asked for, `key` as the feed has it. */
  one(request: FastifyRequest, reply: FastifyReply, given: string, key: string | undefined): Promise<void> {
    const { state, live } = this.#parts
    if (key === undefined) throw notFound(`There is no ${state.keyName} ${given}.`)
    return serveLive(request, reply, new KeyStates(this.#opened(), key), live)
  }

  #opened(): StateSource {
    const { engine, query, feed, state, live } = this.#parts
    const log = () => new StateLog(engine, feed.name, message => live.log.error({}, message))
    this.#source ??= { log: log(), query, state }
    return this.#source
  }
}
