import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DebianProgram, getDebian } from './debian.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

/** A Prometheus, which serves metrics of its own, and those that it fetches of others. */
export interface Prometheus {
  /** Its own metrics. */
  readonly metricsUrl: string
  /** What it has of one job, as another Prometheus would fetch it. */
  getFederateUrl(job: string): string
  readonly process: ServerProcess
  /** Has it read its configuration again. @returns whether it took it */
  reload(isValid: boolean): Promise<boolean>
  stop(): Promise<void>
}

/** The program. */
export function getPrometheus(): DebianProgram {
  return getDebian('usr/bin/prometheus', ['prometheus'])
}

/** @param jobs - by name, the address whose metrics it fetches every second */
export async function startPrometheus(jobs: Readonly<Record<string, string>>): Promise<Prometheus> {
  const { command, env } = getPrometheus()
  const dir = makeServerDir('prometheus')
  const config = join(dir, 'prometheus.yml')
  // JSON is YAML too.
  const content = JSON.stringify({
    global: { scrape_interval: '1s' },
    scrape_configs: Object.entries(jobs).map(([name, address]) => ({
      job_name: name,
      static_configs: [{ targets: [address] }],
    })),
  })
  writeFileSync(config, content)
  const [port = 0] = await pickPorts(1)
  const url = `http://127.0.0.1:${port}`
  const server = startServerProcess({
    command,
    env,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle',
    ],
    logFile: join(dir, 'log'),
  })
  await waitForStart(server, async () => {
    if (!(await fetch(`${url}/-/ready`)).ok) throw new Error('it is not ready yet')
  })
  return {
    metricsUrl: `${url}/metrics`,
    getFederateUrl: (job) => `${url}/federate?match%5B%5D=${encodeURIComponent(`{job="${job}"}`)}`,
    process: server,
    async reload(isValid) {
      writeFileSync(config, isValid ? content : 'global: nothing of the kind')
      return (await fetch(`${url}/-/reload`, { method: 'POST' })).ok
    },
    stop: () => server.stop(),
  }
}
