/** A process that uses the server of the home in its argument, says so in a line, and leaves when its input ends. */
import { openEmbedded } from '../../src/embedded/index.ts'

const server = await openEmbedded({
  home: process.argv[2] ?? '',
  log: line => process.stderr.write(`${line.level} ${line.message}\n`),
})
process.stdout.write(`${JSON.stringify({ url: server.url, adopted: server.adopted })}\n`)
process.stdin.on('end', async () => {
  await server.stop()
  process.exit(0)
})
process.stdin.resume()
