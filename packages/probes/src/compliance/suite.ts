import assert from 'node:assert/strict'
import type { TargetIndex } from '@watchfire/attestation'
import type { ProbeKind, ProbeResult } from '../kind.ts'
import { toObservation } from '../observation.ts'
import { parseParams } from '../params.ts'
import { faults, type Ending, type Transport } from './faults.ts'
import { floodFaults } from './flood-faults.ts'
import { getEnding, makeTarget, type ProbeOptions, probeOnce } from './harness.ts'
import { startServer } from './server.ts'
import { webSocketFaults } from './web-socket-faults.ts'

/** What a kind supplies to be held to the rules. */
export interface KindUnderTest {
  readonly kind: ProbeKind
  readonly transport: Transport
  /**
   * Parameters that make the kind ask `host` and `port`, without TLS where the kind has a choice. They
   * must make it wait for an answer: a probe that is content with an open connection cannot tell.
   */
  getParams(host: string, port: number): Readonly<Record<string, unknown>>
  /** Parameters that make it ask there with TLS, for a kind that has the choice. */
  readonly getSecureParams?: (host: string, port: number) => Readonly<Record<string, unknown>>
  /** Starts a real, healthy target on 127.0.0.1. */
  setup(): Promise<HealthyTarget>
}

export interface HealthyTarget {
  readonly params: Readonly<Record<string, unknown>>
  /** Authorities that its certificate needs. */
  readonly ca?: readonly string[]
  teardown(): Promise<void>
}

/** The part of mocha, or of what is like it, that the suite uses. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => void
  readonly it: (name: string, test: () => Promise<void>) => void
}

/** For a target that makes a probe wait; it is waited for in full. */
const TIMEOUT_MS = 250
/** For a target that is known by what it does; only a very busy machine comes near it. */
const TIMEOUT_MS_LONG = 6000
/** Tries of a probe in the way of which this machine itself stood. */
const TRIES_MAX = 5
/** A probe may end this much after its deadline on a busy machine. */
const SLACK_MS = 1500

/**
 * Defines the tests that every kind must pass: real servers on loopback, each with one fault, and
 * for each the endings that are true of it. No probe may throw, outlast its deadline, leave a
 * connection open, read beyond its bounds, or say what it did not declare.
 *
 * @example
 * ```ts
 * describeKind({ kind: myKind, transport: 'tcp', getParams, setup }, { describe, it })
 * ```
 */
export function describeKind(subject: KindUnderTest, { describe, it }: TestRunner): void {
  const { kind, transport } = subject

  /** Probes, and holds the result to what every result must be. */
  async function probe(
    params: Readonly<Record<string, unknown>>,
    options: ProbeOptions = {},
  ): Promise<ProbeResult> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS_LONG
    let result: ProbeResult | undefined
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const beganMs = performance.now()
      result = await probeOnce(kind, params, { ...options, timeoutMs })
      const tookMs = performance.now() - beganMs
      // That is the right thing to say of it, but nothing of the kind that is tested.
      if (getEnding(result) === 'overloaded') continue
      assert.ok(tookMs < timeoutMs + SLACK_MS, `took ${tookMs} ms of ${timeoutMs}`)
      break
    }
    assert.ok(result !== undefined)
    const observation = toObservation(makeTarget(kind, params, timeoutMs), 0 as TargetIndex, result)
    assertAscending(observation.signals.map(({ index }) => index))
    assertAscending(observation.identities.map(({ index }) => index))
    for (const phase of result.phases) assert.ok(phase.us >= 0)
    return result
  }

  function assertEnding(result: ProbeResult, endings: readonly Ending[]): void {
    const ending = getEnding(result)
    const detail = 'detail' in result ? result.detail : ''
    assert.ok(
      endings.includes(ending),
      `ended in ${ending} (${detail}), not ${endings.join(' or ')}`,
    )
  }

  describe(`kind ${kind.kind}`, () => {
    it('reaches a healthy target, with every signal and identity that is not optional', async () => {
      const target = await subject.setup()
      try {
        const result = await probe(target.params, { ca: target.ca ?? [] })
        assertEnding(result, ['reached'])
        if (result.status !== 'reached') return
        const parsed = parseParams(kind, target.params)
        assert.ok(parsed.ok)
        for (const { name, optional } of kind.signals(parsed.params)) {
          assert.ok(optional === true || name in result.signals, `signal ${name} is not there`)
        }
        for (const { name, optional } of kind.identities) {
          assert.ok(optional === true || name in result.identities, `identity ${name} is not there`)
        }
        assert.ok(result.phases.some(({ name }) => name === 'connect'))
      } finally {
        await target.teardown()
      }
    })

    it('calls a target that does not listen refused', async () => {
      const server = await startServer((socket) => socket.destroy())
      await server.close()
      assertEnding(await probe(subject.getParams('127.0.0.1', server.port)), ['refused'])
    })

    for (const fault of [...faults, ...floodFaults, ...webSocketFaults].filter(({ transports }) =>
      transports.includes(transport),
    )) {
      it(`says ${fault.endings.join(' or ')} of a target that ${fault.name}`, async () => {
        // Listens on loopback too, but where the operator has not allowed.
        const forbidden = await startServer((socket) => socket.destroy(), '127.0.0.2')
        const server = await startServer((socket) =>
          fault.serve(socket, {
            url: `http://127.0.0.1:${socket.localPort}/`,
            forbiddenUrl: `http://127.0.0.2:${forbidden.port}/`,
          }),
        )
        try {
          const timeoutMs = fault.endings.includes('timeout') ? TIMEOUT_MS : TIMEOUT_MS_LONG
          const params = subject.getParams('127.0.0.1', server.port)
          assertEnding(await probe(params, { timeoutMs }), fault.endings)
          // Hangs, and so fails, if the probe leaves a connection open.
          await server.drained()
          assert.equal(forbidden.count(), 0, 'connected where it must not')
        } finally {
          await server.close()
          await forbidden.close()
        }
      })
    }

    it('abstains from an address that the operator has not allowed, and does not connect', async () => {
      const server = await startServer((socket) => socket.destroy())
      try {
        const params = subject.getParams('127.0.0.1', server.port)
        assertEnding(await probe(params, { allow: [] }), ['forbidden-address'])
        const named = subject.getParams('rebound.example', server.port)
        const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.1'] })
        assertEnding(await probe(named, { allow: [], resolve }), ['forbidden-address'])
        assert.equal(server.count(), 0)
      } finally {
        await server.close()
      }
    })

    it('says dns of a name that does not exist, and of one nobody answers for', async () => {
      const params = subject.getParams('nobody.example', 9)
      assertEnding(await probe(params), ['dns'])
      const resolve = () => new Promise<never>(() => {})
      assertEnding(await probe(params, { resolve, timeoutMs: TIMEOUT_MS }), ['dns'])
    })

    it('abstains when the machine’s own resolver cannot be asked', async () => {
      const resolve = async () => ({ ok: false as const, code: 'ECONNREFUSED' })
      const params = subject.getParams('somebody.example', 9)
      assertEnding(await probe(params, { resolve }), ['self-unhealthy'])
    })

    it('abstains at once when the node stops, and lets go of the target', async () => {
      const stopping = new AbortController()
      const server = await startServer((socket) => {
        socket.resume()
        stopping.abort()
      })
      try {
        const params = subject.getParams('127.0.0.1', server.port)
        const result = await probe(params, { signal: stopping.signal, timeoutMs: 60_000 })
        assertEnding(result, ['stopping'])
        await server.drained()
      } finally {
        await server.close()
      }
    })

    if (subject.getSecureParams !== undefined) {
      const { getSecureParams } = subject
      it('says tls of a target that speaks something else there', async () => {
        const server = await startServer((socket) => socket.resume().write('220 welcome\r\n'))
        try {
          assertEnding(await probe(getSecureParams('127.0.0.1', server.port)), ['tls'])
          await server.drained()
        } finally {
          await server.close()
        }
      })
    }
  })
}

function assertAscending(values: readonly number[]): void {
  for (const [index, value] of values.entries()) {
    assert.ok(index === 0 || value > (values[index - 1] ?? 0), `${values.join(', ')} must ascend`)
  }
}
