import type { Fault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import { goodWeather } from './world/network.ts'

/**
 * One thing taken out of a drawn scenario, as it is written on a command line: a fault by its place in
 * the list, the vices of a member, a dead member's death, the observers, a node's false clock or its
 * drift, or the bad weather.
 */
export type Cut = string

const pattern = /^(?:(?:fault|vice|dead|clock|drift):\d+|observers|weather)$/

/** @returns whether this names something that may be taken out */
export function isCut(text: string): text is Cut {
  return pattern.test(text)
}

/** Every single thing that could be taken out of a scenario, the largest first. */
export function listCuts(scenario: Scenario): readonly Cut[] {
  const { faults, vices, observers, weather, clockOffsetsMs, driftsPpm, dead } = scenario
  return [
    ...[...vices.keys()].map((member) => `vice:${member}`),
    ...[...dead].map((member) => `dead:${member}`),
    ...(observers > 0 ? ['observers'] : []),
    ...faults.map((_, index) => `fault:${index}`),
    ...clockOffsetsMs.flatMap((offsetMs, node) => (offsetMs === 0 ? [] : [`clock:${node}`])),
    ...driftsPpm.flatMap((ppm, node) => (ppm === 0 ? [] : [`drift:${node}`])),
    ...(weather === goodWeather ? [] : ['weather']),
  ]
}

/** The scenario without what is cut; the rest is as it was drawn. */
export function applyCuts(scenario: Scenario, cuts: readonly Cut[]): Scenario {
  const has = (cut: Cut) => cuts.includes(cut)
  const isHonestNow = (member: number) => has(`vice:${member}`)
  const members = scenario.clockOffsetsMs.length - scenario.observers - scenario.twins.length
  const observers = has('observers') ? 0 : scenario.observers
  // Nodes are members, then observers, then twins: what becomes of a node goes with it.
  const kept = scenario.clockOffsetsMs.flatMap((_, node) => {
    if (node < members) return [node]
    if (node < members + scenario.observers) return observers > 0 ? [node] : []
    const member = scenario.twins[node - members - scenario.observers]
    return member === undefined || isHonestNow(member) ? [] : [node]
  })
  const moved = new Map(kept.map((node, index) => [node, index]))
  return {
    ...scenario,
    observers,
    vices: new Map([...scenario.vices].filter(([member]) => !isHonestNow(member))),
    twins: scenario.twins.filter((member) => !isHonestNow(member)),
    dead: new Set([...scenario.dead].filter((member) => !has(`dead:${member}`))),
    weather: has('weather') ? goodWeather : scenario.weather,
    clockOffsetsMs: kept.map((node) =>
      has(`clock:${node}`) ? 0 : (scenario.clockOffsetsMs[node] ?? 0),
    ),
    driftsPpm: kept.map((node) => (has(`drift:${node}`) ? 0 : (scenario.driftsPpm[node] ?? 0))),
    faults: scenario.faults.flatMap((fault, index): Fault[] => {
      if (has(`fault:${index}`)) return []
      if (fault.kind === 'partition') {
        return [{ ...fault, sides: kept.map((node) => fault.sides[node] ?? 0) }]
      }
      if (fault.kind === 'one-way') {
        const [from, to] = [moved.get(fault.from), moved.get(fault.to)]
        return from === undefined || to === undefined ? [] : [{ ...fault, from, to }]
      }
      if (!('node' in fault)) return [fault]
      const node = moved.get(fault.node)
      return node === undefined ? [] : [{ ...fault, node }]
    }),
  }
}
