import { setTimeout as delay } from 'node:timers/promises'

/** Longest answer that is read: a dump of the chain's state is the largest. */
const ANSWER_BYTES_MAX = 256 * 2 ** 20

/** A JSON-RPC error that the chain answered with; anything else is a failure to reach it. */
export class ChainRefusal extends Error {}

/**
 * Asks the devnet's own chain. Plain `fetch`: a client library would cost each process a second of
 * start-up for the five calls that are made.
 *
 * @throws ChainRefusal when the chain answers with an error; another Error when it does not answer
 */
export async function callChain(
  url: string,
  method: string,
  params: readonly unknown[],
  timeoutMs = 2000,
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (Number(response.headers.get('content-length')) > ANSWER_BYTES_MAX) {
    await response.body?.cancel()
    throw new Error(`${method}: the answer is over ${ANSWER_BYTES_MAX} bytes`)
  }
  const answer = (await response.json()) as { result?: unknown; error?: { message?: string } }
  if (answer.error !== undefined) {
    throw new ChainRefusal(`${method}: ${answer.error.message ?? 'refused without a reason'}`)
  }
  return answer.result
}

/** The same, where the answer is a hex string. */
export async function callChainForHex(
  url: string,
  method: string,
  params: readonly unknown[],
): Promise<string> {
  const result = await callChain(url, method, params)
  if (typeof result !== 'string' || !/^0x[0-9a-fA-F]*$/.test(result)) {
    throw new Error(`${method}: expected hex, got ${JSON.stringify(result)?.slice(0, 80)}`)
  }
  return result
}

/** Waits until the chain answers. @throws the signal's reason once it fires */
export async function waitForChain(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    try {
      await callChain(url, 'eth_chainId', [], 500)
      return
    } catch {
      // Not up yet.
      await delay(50, undefined, { signal })
    }
  }
}
