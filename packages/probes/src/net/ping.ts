import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import type { Step, Stop } from '../kind.ts'
import { abstained, describeError, done, failed, getErrorCode, stopped } from '../steps.ts'
import { judgeSocketError } from './faults.ts'

// Node opens no ICMP socket, so the system's own program is run (docs/adr/0016): from where systems
// have it and never by PATH, with fixed arguments and an address that was checked.

/** An echo request (RFC 792, RFC 4443). */
export interface PingRequest {
  /** Bytes that are sent along, and back. */
  readonly payloadBytes: number
  /** Whether routers must not split it. */
  readonly dontFragment: boolean
  /** Hops it may take; left out, as many as the system gives it. */
  readonly hopsMax?: number
}

/** An echo reply. */
export interface PingReply {
  readonly roundTripUs: number
  /** What is left of its hops: the TTL, or hop limit, that it arrived with. */
  readonly hopLimit: number
}

/** A ping under way. */
export interface RunningPing {
  /** Never rejects. It has no deadline of its own: what ends it is {@link RunningPing.close}. */
  readonly answer: Promise<Step<PingReply>>
  close(): void
}

/** Where systems have it. */
export const pingPrograms: readonly string[] = ['/usr/bin/ping', '/bin/ping', '/sbin/ping']

/** Bytes of what it prints; a ping of one request prints a few hundred. */
const OUTPUT_BYTES_MAX = 4096

/**
 * Sends one echo request to an address by the system's `ping`.
 *
 * @param address - as the address guard admitted it
 */
export function ping(
  address: string,
  { payloadBytes, dontFragment, hopsMax }: PingRequest,
  programs: readonly string[] = pingPrograms,
): RunningPing {
  const { promise: answer, resolve } = Promise.withResolvers<Step<PingReply>>()
  const program = programs.find(canRun)
  if (program === undefined) {
    const detail = `there is no ping at ${programs.join(', ')}`
    return { answer: Promise.resolve(stopped(abstained('unsupported-kind', detail))), close() {} }
  }
  const fragments = dontFragment ? ['-M', 'do'] : []
  const hops = hopsMax === undefined ? [] : ['-t', String(hopsMax)]
  const args = ['-n', '-c', '1', '-s', String(payloadBytes), ...fragments, ...hops, address]
  const child = spawn(program, args, {
    cwd: '/',
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const read = (chunk: string): void => {
    output += chunk
    if (output.length <= OUTPUT_BYTES_MAX) return
    resolve(stopped(abstained('internal', 'ping prints without end')))
    child.kill('SIGKILL')
  }
  child.stdout.setEncoding('latin1').on('data', read)
  child.stderr.setEncoding('latin1').on('data', read)
  child.on('error', (error) => resolve(stopped(judgeStartError(error))))
  child.once('close', (code) => resolve(readOutput(output, code)))
  return {
    answer,
    close() {
      resolve(stopped(abstained('stopping', 'the probe has ended')))
      child.kill('SIGKILL')
    },
  }
}

function canRun(program: string): boolean {
  try {
    accessSync(program, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function judgeStartError(error: Error): Stop {
  // Processes have limits, too.
  return getErrorCode(error) === 'EAGAIN'
    ? abstained('overloaded', describeError(error))
    : judgeSocketError(error)
}

/** Of iputils, busybox, inetutils and BSD. */
const REPLY = /^\d+ bytes from .*\b(?:ttl|hlim)=(\d{1,3}) time=(\d{1,9}(?:\.\d{1,6})?) ms/m
/** This machine's doing; the first that is there counts. */
const FAULTS: readonly (readonly [RegExp, (line: string) => Stop])[] = [
  [
    /not permitted|permission denied|are you root|SOCK_RAW/i,
    (line) => abstained('unsupported-kind', `this machine lets its ping open no socket: ${line}`),
  ],
  [/no buffer space|too many open files|cannot allocate/i, (line) => abstained('overloaded', line)],
  [/message too long|frag needed|packet too big/i, (line) => failed('too-large', line)],
  [
    /unreachable|prohibited|filtered|no route|time to live exceeded|time exceeded/i,
    (line) => failed('unreachable', line),
  ],
]

/** What one ping printed, and ended with, says. */
export function readOutput(output: string, code: number | null): Step<PingReply> {
  const [, hopLimit, roundTripMs] = REPLY.exec(output) ?? []
  if (hopLimit !== undefined && roundTripMs !== undefined) {
    return done({
      hopLimit: Number(hopLimit),
      roundTripUs: Math.round(Number(roundTripMs) * 1000),
    })
  }
  const lines = output.split('\n')
  for (const [pattern, judge] of FAULTS) {
    const line = lines.find((each) => pattern.test(each))
    if (line !== undefined) return stopped(judge(line.trim()))
  }
  // 1 says that no reply came.
  return stopped(
    code === 1
      ? failed('timeout', 'ping heard no reply')
      : abstained('internal', `ping ended with ${code}: ${lines.find(Boolean) ?? 'no word'}`),
  )
}
