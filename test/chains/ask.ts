import { setTimeout as delay } from 'node:timers/promises'
import {
  askOnce,
  bindSecrets,
  builtinKinds,
  parseParams,
  type ProbeResult,
  type Reached,
  type SecretBinding,
} from '@watchfire/probes'

/** Longer than any probe of loopback takes on a busy machine. */
const TIMEOUT_MS = 8000

/** The authority that probes trust besides those that everybody does, in PEM. */
let trusted: readonly string[] = []

/** Has all probes from here on trust an authority, and none that was named before. */
export function trust(pem: string): void {
  trusted = [pem]
}

/** What is asked: a kind, its parameters, and what is bound to the target. */
export type Asked = readonly [kind: string, params: object, secret?: SecretBinding]

/** Probes a target once, by the rules of a node; loopback is allowed. */
export async function ask(
  kindName: string,
  params: object,
  secret?: SecretBinding,
): Promise<ProbeResult> {
  const kind = builtinKinds.find((each) => each.kind === kindName)
  if (kind === undefined) throw new Error(`no kind ${kindName}`)
  const parsed = parseParams(kind, params)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const basis = { timeoutMs: TIMEOUT_MS, allow: ['127.0.0.0/8'], ca: trusted }
  if (secret === undefined) return askOnce({ kind, params: parsed.params, ...basis })
  const bound = bindSecrets(params, [secret])
  if (!bound.ok) throw new Error(`a secret for ${bound.got}, not ${bound.expected}`)
  return askOnce({ kind, params: parsed.params, credentials: bound.credentials, ...basis })
}

/** Probes a target once, which must be reached. @throws with the answer if it is not */
export async function askReached(kind: string, params: object): Promise<Reached> {
  const result = await ask(kind, params)
  if (result.status === 'reached') return result
  throw new Error(`not reached: ${describe(result)}`)
}

/** Asks until the target is reached and `test` holds of what was read. @throws with the last answer */
export async function askUntil(
  what: string,
  withinMs: number,
  asked: Asked,
  test: (reached: Reached) => boolean,
): Promise<Reached> {
  const result = await askFor(what, withinMs, asked, (each) => {
    return each.status === 'reached' && test(each)
  })
  if (result.status !== 'reached') throw new Error(what)
  return result
}

/** Asks until the probe ends as `test` wants. @throws with the last answer */
export async function askFor(
  what: string,
  withinMs: number,
  asked: Asked,
  test: (result: ProbeResult) => boolean,
): Promise<ProbeResult> {
  const endMs = performance.now() + withinMs
  for (;;) {
    const result = await ask(...asked)
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
