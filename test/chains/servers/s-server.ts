import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerIdentity } from '../../../packages/probes/test/authority.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

/** The TLS server of OpenSSL's command. */
export interface SServer {
  readonly port: number
  readonly process: ServerProcess
  stop(): Promise<void>
}

/** Starts one. @param flags - as `openssl s_server` takes them */
export async function startSServer(
  { cert, key }: ServerIdentity,
  flags: readonly string[] = [],
): Promise<SServer> {
  const dir = makeServerDir('s-server')
  writeFileSync(join(dir, 'cert'), cert)
  writeFileSync(join(dir, 'key'), key, { mode: 0o600 })
  const [port = 0] = await pickPorts(1)
  const files = ['-cert', join(dir, 'cert'), '-key', join(dir, 'key')]
  const server = startServerProcess({
    command: 'openssl',
    args: ['s_server', '-accept', `127.0.0.1:${port}`, ...files, '-www', ...flags],
    logFile: join(dir, 'log'),
  })
  await waitForStart(server, () => {
    if (!server.log().includes('ACCEPT')) throw new Error('it does not listen yet')
  })
  return {
    port,
    process: server,
    stop: () => server.stop(),
  }
}
