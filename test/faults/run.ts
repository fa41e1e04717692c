import { readFileSync } from 'node:fs'
import { makeGenesisContext, parseManifest } from '@watchfire/attestation'
import { parse } from 'yaml'
import { Prng } from '../sim/world/prng.ts'
import { endAfter, runKillLoop } from './killer.ts'
import { type Judged, judgeReader, judgeRun } from './judge.ts'
import { makeLiveness } from './liveness.ts'
import type { Lab } from './lab.ts'
import { openLoopbackLab } from './loopback-lab.ts'
import { makeMonitors, type Monitors } from './monitors.ts'
import { openNamespaceLab } from './namespace-lab.ts'
import { type Reader, startReader } from './reader.ts'
import { clearSky, splitLink } from './sky.ts'
import { startTargets } from './targets.ts'
import { drawWeather, stopsAgreement, type Weather } from './weather.ts'

export const MONITORS = 7
/** floor((7 - 1) / 3): so many may fail while the others agree. */
export const FAULTY = 2
export interface FaultsOptions {
  readonly dir: string
  readonly minutes: number
  readonly seed: number
  readonly roundMs: number
  readonly isolation: 'namespaces' | 'loopback'
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

/** What a run came to: the closing JSON line. */
export interface FaultsSummary extends Judged {
  readonly seed: number
  readonly roundMs: number
  readonly seconds: number
  readonly about: Lab['about']
  readonly weather: Readonly<Record<string, number>>
  readonly kills: number
  readonly goodWeather: { readonly due: number; readonly certified: number }
  /** Slowest, from a whole network to the next certificate that a light client had. */
  readonly recoveryMsMax: number
  readonly violations: readonly string[]
}

/** Seven real processes, a loop of kills, and weather; then everything they left is judged. */
export async function runFaults(options: FaultsOptions): Promise<FaultsSummary> {
  const { dir, seed, roundMs, isolation, say } = options
  const prng = new Prng(seed, 'faults')
  const open = isolation === 'namespaces' ? openNamespaceLab : openLoopbackLab
  const lab = await open(MONITORS, new Prng(seed, 'relay'))
  say(`${isolation}: delays by ${lab.about.delays}, blocks by ${lab.about.blocks}`)
  const targets = await startTargets(lab.targetsHost)
  const monitors = await makeMonitors({ dir, lab, roundMs, targets: targets.drafts })
  try {
    return await observe(options, lab, monitors, prng)
  } finally {
    await monitors.close()
    targets.close()
    await lab.close()
  }
}

async function observe(
  options: FaultsOptions,
  lab: Lab,
  monitors: Monitors,
  prng: Prng,
): Promise<FaultsSummary> {
  const { dir, minutes, seed, say, signal } = options
  const manifest: unknown = parse(readFileSync(monitors.manifestFile, 'utf8'))
  const parsed = parseManifest(manifest)
  if (!parsed.ok) throw new Error('the manifest that the command made is not admitted')
  const context = makeGenesisContext(parsed.manifest)
  const urls = monitors.list.map(({ api }) => api)
  for (const monitor of monitors.list) monitor.start()
  const started = performance.now()
  const startReaders = (): Reader[] => [
    startReader({ name: 'reader-of-all', dir, urls, context }),
    startReader({ name: 'reader-of-three', dir, urls: urls.slice(0, 3), context }),
  ]
  const readers = startReaders()
  const [main] = readers
  if (main === undefined) throw new Error('no reader')
  const liveness = makeLiveness(main, monitors.list, context.parameters, signal)
  const seen = new Map<string, number>()
  let kills = 0

  const live = async (weather: Weather) => {
    const { name, sky, dying, cut, lengthMs, awayMax } = weather
    seen.set(name, (seen.get(name) ?? 0) + 1)
    const heightBefore = liveness.getHeight()
    const killsBefore = kills
    lab.set(sky)
    for (const link of cut) lab.cut(...splitLink(link))
    await Promise.all(dying.map(async (index) => monitors.list[index]?.kill()))
    kills += dying.length
    if (name === 'clear') await liveness.countGood(lengthMs)
    else {
      const ending = endAfter(lengthMs, signal)
      const endStop = stopsAgreement.has(name) ? await liveness.beginStop() : undefined
      const onKill = () => void (kills += 1)
      await runKillLoop({ monitors: monitors.list, awayMax, prng, signal: ending, onKill })
      await endStop?.()
    }
    for (const index of dying) monitors.list[index]?.start()
    lab.set(clearSky)
    const seconds = Math.round((performance.now() - started) / 1000)
    const stale = main.told.filter((each) => each.type === 'stale').length
    say(
      `${seconds} s: ${name}, ${lengthMs} ms: heights ${heightBefore} to ${liveness.getHeight()}, ` +
        `${kills - killsBefore} kills, said stale ${stale} times so far`,
    )
  }

  const endMs = started + minutes * 60_000
  for (const weather of drawWeather(prng, MONITORS, FAULTY)) {
    if (performance.now() >= endMs || signal.aborted) break
    await live(weather)
  }
  await live({ name: 'clear', lengthMs: 16_000, sky: clearSky, dying: [], awayMax: 0, cut: [] })
  await liveness.awaitEven()
  const { violations } = liveness
  for (const reader of readers) {
    await reader.stop()
    violations.push(...judgeReader(reader, context.parameters))
  }
  for (const monitor of monitors.list) {
    const end = await monitor.stop()
    if (end !== 'exit 143') violations.push(`${monitor.id} ended with ${end} when told to`)
  }
  violations.push(...monitors.deaths)
  say('all stopped; judging what they left')
  const judged = judgeRun(manifest, monitors.list, readers)
  violations.push(...judged.found)
  return {
    seed,
    roundMs: options.roundMs,
    seconds: Math.round((performance.now() - started) / 1000),
    about: lab.about,
    weather: Object.fromEntries(seen),
    kills,
    goodWeather: liveness.good,
    recoveryMsMax: liveness.recoveryMsMax,
    ...judged,
    violations,
  }
}
