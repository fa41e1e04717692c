import { setTimeout as delay } from 'node:timers/promises'
import {
  askOnce,
  builtinKinds,
  parseParams,
  type ProbeResult,
  type Reached,
} from '@watchfire/probes'

/** Longer than any probe of loopback takes on a busy machine. */
const TIMEOUT_MS = 8000

/** Probes a target once, by the rules of a node; loopback is allowed. */
export async function ask(kindName: string, params: object): Promise<ProbeResult> {
  const kind = builtinKinds.find((each) => each.kind === kindName)
  if (kind === undefined) throw new Error(`no kind ${kindName}`)
  const parsed = parseParams(kind, params)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const basis = { timeoutMs: TIMEOUT_MS, allow: ['127.0.0.0/8'], ca: [] }
  return askOnce({ kind, params: parsed.params, ...basis })
}

/** Asks until the target is reached and `test` holds of what was read. @throws with the last answer */
export async function askUntil(
  what: string,
  withinMs: number,
  [kind, params]: readonly [string, object],
  test: (reached: Reached) => boolean,
): Promise<Reached> {
  const result = await askFor(what, withinMs, [kind, params], (each) => {
    return each.status === 'reached' && test(each)
  })
  if (result.status !== 'reached') throw new Error(what)
  return result
}

/** Asks until the probe ends as `test` wants. @throws with the last answer */
export async function askFor(
  what: string,
  withinMs: number,
  [kind, params]: readonly [string, object],
  test: (result: ProbeResult) => boolean,
): Promise<ProbeResult> {
  const endMs = performance.now() + withinMs
  for (;;) {
    const result = await ask(kind, params)
    if (test(result)) return result
    if (performance.now() > endMs) {
      throw new Error(`waited ${withinMs} ms for ${what}; last: ${describe(result)}`)
    }
    await delay(200)
  }
}

function describe(result: ProbeResult): string {
  return JSON.stringify(result, (name, value: unknown) => {
    if (name === 'phases') return undefined
    return typeof value === 'bigint' ? Number(value) : value
  })
}
