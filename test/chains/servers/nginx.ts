import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { ServerIdentity } from '../../../packages/probes/test/authority.ts'
import { type DebianProgram, getDebian } from './debian.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

/** A web server, and a proxy before another one. */
export interface Nginx {
  readonly url: string
  readonly tlsUrl: string
  readonly process: ServerProcess
  /** Serves with another certificate from here on. */
  setIdentity(identity: ServerIdentity): Promise<void>
  stop(): Promise<void>
}

export interface NginxOptions {
  readonly identity: ServerIdentity
  /** What `/behind/` is passed on to: host and port. WebSockets too. */
  readonly behind: string
}

/** The program. */
export function getNginx(): DebianProgram {
  return getDebian('usr/sbin/nginx', ['nginx'])
}

/**
 * Starts one. `/` says hello, `/moved` leads there, `/secure` to its TLS, `/around` to itself, `/packed` comes compressed to whom asks for that, `/broken` is a 503, `/trickle` comes at a few bytes a second, `/endless` is 4 MiB.
 */
export async function startNginx({ identity, behind }: NginxOptions): Promise<Nginx> {
  const { command, env } = getNginx()
  const dir = makeServerDir('nginx')
  for (const name of ['files', 'temp']) mkdirSync(join(dir, name))
  writeFileSync(join(dir, 'files', 'trickle'), 'x'.repeat(65_536))
  writeFileSync(join(dir, 'files', 'endless'), 'x'.repeat(4_194_304))
  const write = ({ cert, key }: ServerIdentity) => {
    writeFileSync(join(dir, 'cert'), cert)
    writeFileSync(join(dir, 'key'), key, { mode: 0o600 })
  }
  write(identity)
  const [port = 0, tlsPort = 0] = await pickPorts(2)
  const config = join(dir, 'nginx.conf')
  writeFileSync(config, makeConfig({ dir, port, tlsPort, behind }))
  const args = ['-c', config, '-p', dir, '-e', 'stderr']
  const server = startServerProcess({ command, env, args, logFile: join(dir, 'log') })
  const url = `http://127.0.0.1:${port}`
  await waitForStart(server, () => fetch(url))
  return {
    url,
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    process: server,
    async setIdentity(next) {
      const before = server.log().length
      write(next)
      process.kill(server.pid, 'SIGHUP')
      await waitForStart(server, () => {
        // New workers have taken over when the old ones are gone.
        if (!/exited with code 0/.test(server.log().slice(before))) throw new Error('not yet')
      })
    },
    stop: () => server.stop(),
  }
}

interface Places {
  readonly dir: string
  readonly port: number
  readonly tlsPort: number
  readonly behind: string
}

function makeConfig({ dir, port, tlsPort, behind }: Places): string {
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
user ${userInfo().username};
worker_processes 1;
error_log stderr notice;
pid ${dir}/pid;
events {}
http {
  access_log off;
  ${temps.map((name) => `${name}_temp_path ${dir}/temp/${name};`).join(' ')}
  default_type text/plain;
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${dir}/cert;
    ssl_certificate_key ${dir}/key;
    ssl_protocols TLSv1.2 TLSv1.3;
    root ${dir}/files;
    location = / { return 200 "hello of nginx"; }
    location = /moved { return 302 /; }
    location = /secure { return 301 https://127.0.0.1:${tlsPort}/; }
    location = /packed { gzip on; gzip_types text/plain; try_files /trickle =404; }
    location = /around { return 302 /around; }
    location = /broken { return 503 "broken"; }
    location = /trickle { limit_rate 16; }
    location /behind/ {
      proxy_pass http://${behind}/;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
    }
  }
}
`
}
