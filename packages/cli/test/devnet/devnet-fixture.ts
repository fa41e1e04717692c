import { makeLeasePath, startWardenProcess } from '../../src/devnet/processes.ts'
import { setUp } from '../../src/devnet/setup.ts'
import { startTargets } from '../../src/devnet/targets.ts'

// A devnet without nodes, for the tests of what outlives it. It says what it started, and waits for
// its end.
const [dataDir = ''] = process.argv.slice(2)
const setup = await setUp({ dataDir, monitors: 1 }, makeLeasePath)
const { layout, file } = setup
const warden = await startWardenProcess(layout, file.lease)
const targets = await startTargets(setup, new AbortController().signal).started
const said = targets.map(({ id, pid, start }) => ({ id, pid, start }))
process.stdout.write(`${JSON.stringify({ targets: said, ports: file.ports, lease: file.lease })}\n`)
process.once('SIGTERM', () => {
  void warden.finish().then(() => process.exit(0))
})
setInterval(() => undefined, 60_000)
