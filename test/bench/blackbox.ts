import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildGoCopy } from '../chains/servers/cache.ts'
import { pickPorts } from '../chains/servers/ports.ts'
import { stopProcess } from './idle-peers.ts'
import { readProcessCost } from './process-cost.ts'
import { favour, pin } from './prober-process.ts'

const VERSION = 'v0.28.0'
const CONCURRENCY = 64
const START_MS_MAX = 20_000

/** Prometheus' blackbox_exporter, on the core that the prober has in its turns. */
export interface Blackbox {
  /** Makes so many probes of a URL. @returns its processor time */
  probe(url: string, count: number): Promise<number>
  stop(): Promise<void>
}

/** Builds and starts it. @throws where it cannot be had, saying why */
export async function startBlackbox(): Promise<Blackbox> {
  const module = 'github.com/prometheus/blackbox_exporter'
  const program = join(buildGoCopy(module, VERSION, 'blackbox_exporter', '.'), 'blackbox_exporter')
  const dir = mkdtempSync(join(tmpdir(), 'watchfire-blackbox-'))
  const config = join(dir, 'blackbox.yml')
  // The same check: a healthy status and the whole body, over IPv4.
  writeFileSync(
    config,
    'modules: { http: { prober: http, timeout: 4s, http: { preferred_ip_protocol: ip4 } } }\n',
  )
  const [port = 0] = await pickPorts(1)
  const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`]
  const child = spawn(...pin(0, program, [...args, '--log.level=error']), {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error('blackbox_exporter could not be started')
  favour(pid)
  const origin = `http://127.0.0.1:${port}`

  async function stop(): Promise<void> {
    await stopProcess(child)
    rmSync(dir, { recursive: true, force: true })
  }

  async function isUp(): Promise<boolean> {
    return fetch(`${origin}/-/healthy`).then(
      ({ ok }) => ok,
      () => false,
    )
  }

  for (const endMs = performance.now() + START_MS_MAX; !(await isUp()); ) {
    if (performance.now() > endMs) {
      await stop()
      throw new Error('blackbox_exporter does not answer')
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }

  return {
    async probe(url, count) {
      const path = `${origin}/probe?module=http&target=${encodeURIComponent(url)}`
      const before = readProcessCost(pid).cpuMs
      let left = count
      async function work(): Promise<void> {
        while (left-- > 0) {
          const text = await (await fetch(path)).text()
          if (!/^probe_success 1$/m.test(text)) throw new Error(`blackbox_exporter says ${text}`)
        }
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, work))
      return readProcessCost(pid).cpuMs - before
    },
    stop,
  }
}
