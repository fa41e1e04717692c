import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DebianProgram, getDebian } from './debian.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

/** A DNS server that is asked about `chain.test` by authority, and asks nobody that answers. */
export interface Unbound {
  readonly port: number
  readonly process: ServerProcess
  /** The zone as it is from here on. */
  setSerial(serial: number): void
  stop(): Promise<void>
}

/** As many texts as no datagram of 512 bytes holds. */
export const TEXTS = 20

/** The program. */
export function getUnbound(): DebianProgram {
  return getDebian('usr/sbin/unbound', ['unbound', 'libprotobuf-c1'])
}

/** Starts one; it may not serve yet. */
export async function startUnbound(serial: number): Promise<Unbound> {
  const { command, env } = getUnbound()
  const dir = makeServerDir('unbound')
  const config = join(dir, 'unbound.conf')
  const [port = 0, nobody = 0] = await pickPorts(2)
  const write = (next: number) => writeFileSync(config, makeConfig({ dir, port, nobody }, next))
  write(serial)
  const args = ['-d', '-c', config]
  const server = startServerProcess({ command, env, args, logFile: join(dir, 'log') })
  return {
    port,
    process: server,
    setSerial(next) {
      write(next)
      process.kill(server.pid, 'SIGHUP')
    },
    stop: () => server.stop(),
  }
}

interface Places {
  readonly dir: string
  readonly port: number
  /** Where it would ask for other names, and may not: it fails at once then. */
  readonly nobody: number
}

function makeConfig({ dir, port, nobody }: Places, serial: number): string {
  const texts = Array.from({ length: TEXTS }, (_value, at) => `text ${at} ${'x'.repeat(40)}`)
  const records = [
    `chain.test. 300 IN SOA ns.chain.test. admin.chain.test. ${serial} 3600 600 86400 300`,
    'chain.test. 300 IN A 192.0.2.1',
    'chain.test. 60 IN A 192.0.2.2',
    ...texts.map((text) => `many.chain.test. 300 IN TXT "${text}"`),
  ]
  return `
server:
  interface: 127.0.0.1
  port: ${port}
  access-control: 127.0.0.0/8 allow_snoop
  do-not-query-localhost: yes
  username: ""
  chroot: ""
  directory: "${dir}"
  pidfile: "${dir}/pid"
  use-syslog: no
  logfile: ""
  num-threads: 1
  max-udp-size: 512
  module-config: "iterator"
  local-zone: "chain.test." static
  local-zone: "refused.test." refuse
${records.map((record) => `  local-data: '${record}'`).join('\n')}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${nobody}
remote-control:
  control-enable: no
`
}
