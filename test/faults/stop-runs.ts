/** Services stopped in order under load: they drain, leave with 0, and the other one or the next start goes on. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Run, runLoad } from './load.ts'
import { eachFault, type RunOptions } from './runs.ts'
import { newService, type Service, type ServiceOptions } from './service.ts'

/** SIGTERM and SIGINT in turn to one or two services; with two it is a rolling restart. */
export async function stopRun(
  t: TestContext,
  options: Omit<RunOptions, 'cluster'> & { readonly databaseUrl: string; readonly count: 1 | 2 },
): Promise<Run> {
  const { databaseUrl } = options
  const services: Service[] = []
  for (let index = 0; index < options.count; index++)
    services.push(await newService(t, { databaseUrl, ...options.service }))
  await Promise.all(services.map(service => service.start()))
  return runLoad({
    ...options,
    services,
    faults: (history, random) =>
      eachFault(options, history, random, async index => {
        const service = services[index % services.length] as Service
        const code = await service.stop(index % 2 === 0 ? 'SIGTERM' : 'SIGINT')
        assert.equal(code, 0, `it left with ${code}: ${service.output}`)
        await service.start()
      }),
  })
}

/** kill -9 of a service on its embedded database: the server that is left behind is adopted by the next start. */
export async function orphanRun(
  t: TestContext,
  options: Omit<RunOptions, 'cluster'> & { readonly home: string; readonly databaseUrlOf: () => Promise<string> },
): Promise<Run> {
  const service: ServiceOptions = { env: { GROUNDSTATION_HOME: options.home } }
  const one = await newService(t, service)
  await one.start()
  const databaseUrl = await options.databaseUrlOf()
  const run = await runLoad({
    ...options,
    services: [one],
    databaseUrl,
    faults: (history, random) =>
      eachFault(options, history, random, async () => {
        await one.kill()
        await one.start()
        assert.equal(await options.databaseUrlOf(), databaseUrl, 'the server moved')
      }),
  })
  assert.match(one.output, /adopted/)
  assert.equal(await one.stop(), 0, one.output)
  return run
}
