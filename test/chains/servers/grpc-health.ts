import { join } from 'node:path'
import { buildGoNeeded } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const PACKAGE = 'google.golang.org/grpc/examples/features/health/server'
const VERSION = 'v0.0.0-20260825154716-030ee8becb20'

/** gRPC's own example of a server in Go whose health comes and goes. */
export interface GrpcHealth {
  readonly port: number
  readonly process: ServerProcess
  stop(): Promise<void>
}

/** The program. */
export function getGrpcHealth(): string {
  return buildGoNeeded(PACKAGE, VERSION, 'grpc-health')
}

/** Starts one; it may not serve yet. It listens on every address: it knows no other way. */
export async function startGrpcHealth(changeSeconds: number): Promise<GrpcHealth> {
  const command = getGrpcHealth()
  const dir = makeServerDir('grpc')
  const [port = 0] = await pickPorts(1)
  const args = [`-port=${port}`, `-sleep=${changeSeconds}s`]
  const server = startServerProcess({ command, args, logFile: join(dir, 'log') })
  return {
    port,
    process: server,
    stop: () => server.stop(),
  }
}
