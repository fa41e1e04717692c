import { cacheDir } from './servers/cache.ts'
import { getBtcd } from './servers/btcd.ts'
import { getCometBft } from './servers/cometbft.ts'
import { getGanache } from './servers/ganache.ts'
import { getGeth } from './servers/geth.ts'
import { getGossamer } from './servers/gossamer.ts'
import { getGrpcHealth } from './servers/grpc-health.ts'
import { getHermes } from './servers/hermes.ts'
import { getLodestar } from './servers/lodestar.ts'
import { getMonerod } from './servers/monerod.ts'
import { getNginx } from './servers/nginx.ts'
import { getPrometheus } from './servers/prometheus.ts'
import { getRly } from './servers/rly.ts'
import { getSimd } from './servers/simd.ts'
import { getUnbound } from './servers/unbound.ts'

// `npm run test:chains` begins with this, so that no test waits for what takes minutes the first time.

const servers = [
  getNginx,
  getPrometheus,
  getUnbound,
  getMonerod,
  getGanache,
  getCometBft,
  getBtcd,
  getGrpcHealth,
  getGossamer,
  getGeth,
  getLodestar,
  getSimd,
  getRly,
  getHermes,
]

process.stderr.write(`servers in ${cacheDir}:\n`)
for (const get of servers) {
  const name = get.name.slice('get'.length)
  const startMs = performance.now()
  try {
    get()
    process.stderr.write(`  ${name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
  } catch (error) {
    process.exitCode = 1
    process.stderr.write(`  ${name}: ${String(error)}\n`)
  }
}
