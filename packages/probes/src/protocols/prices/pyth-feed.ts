import type { KindSignal, ProbeAnswer, ProbeContext, Step } from '../../kind.ts'
import { judgeStatus } from '../../net/faults.ts'
import type { HttpReply } from '../../net/http-exchange.ts'
import { makeHttpSession } from '../../net/http-session.ts'
import { done, failed, stopped } from '../../steps.ts'
import { fitsSignal, toScale } from '../../parts/decimal.ts'
import { type FeedParams, type FeedPlace, getScale } from './feed-params.ts'
import { readPrice } from './contract-feed.ts'
import { isRecord } from '../json-rpc/json-rpc.ts'

// Pyth's prices as Hermes serves them: docs.pyth.network, API reference, Pyth Core, Hermes.

const BODY_BYTES_MAX = 262_144
/** What Pyth publishes reaches Hermes within this. */
const SETTLE_MS = 3000
const NOT_FOUND = 404
const EXPONENT_MAX = 32

/** Signals that a Pyth price has besides those of any price. */
export function pythSignals(unit: string, scale: number): readonly KindSignal[] {
  return [
    {
      name: 'confidence',
      unit,
      scale,
      aggregate: 'median',
      meaning: 'Half the width of the interval that the publishers’ price lies in.',
    },
    {
      name: 'confidence-share',
      unit: 'percent',
      scale: 2,
      aggregate: 'median',
      meaning: 'The confidence as a share of the price.',
    },
    {
      name: 'average',
      unit,
      scale,
      aggregate: 'median',
      meaning: 'Pyth’s exponentially weighted moving average of the price.',
      optional: true,
    },
  ]
}

/** A price of Pyth. */
export interface PythPrice {
  readonly price: bigint
  readonly confidence: bigint
  readonly average: bigint | undefined
  /** Digits after the point of all three; may be negative. */
  readonly decimals: number
  readonly publishedMs: number
  readonly slot: number | undefined
}

export async function probePyth(params: FeedParams, context: ProbeContext): Promise<ProbeAnswer> {
  const read = await readPyth(params, context)
  if (!read.ok) return read.stop
  const { price, confidence, average, decimals, publishedMs, slot } = read.value
  const scale = getScale(params)
  const scaled = readPrice(price, decimals, scale)
  if (!scaled.ok) return scaled.stop
  const width = toScale({ mantissa: confidence, decimals }, scale)
  const share = (confidence * 10_000n) / price
  if (!fitsSignal(width) || !fitsSignal(share)) {
    return failed('content', `confidence ${confidence} of ${price} exceeds 64 bits`)
  }
  const mean = average === undefined ? undefined : toScale({ mantissa: average, decimals }, scale)
  return {
    status: 'reached',
    reference: { kind: 'time', value: publishedMs },
    signals: {
      latency: context.phases.latencyUs(),
      price: scaled.value,
      age: BigInt(context.roundStartMs - publishedMs),
      confidence: width,
      'confidence-share': share,
      ...(mean === undefined || !fitsSignal(mean) ? {} : { average: mean }),
    },
    identities: slot === undefined ? {} : { 'round-id': toSlotBytes(slot) },
  }
}

/**
 * Asks for the first update since a moment shortly before the round, which is one for all monitors;
 * where there has been none since, for the latest there is.
 */
export async function readPyth(
  { url: base, headers, priceId = '' }: Pick<FeedPlace, 'url' | 'headers' | 'priceId'>,
  context: ProbeContext,
): Promise<Step<PythPrice>> {
  const url = new URL(base)
  const id = priceId.replace(/^0x/, '')
  const momentS = Math.floor((context.roundStartMs - SETTLE_MS) / 1000)
  const session = makeHttpSession(url, context)
  try {
    for (const moment of [String(momentS), 'latest']) {
      const answered = await session.request({
        method: 'GET',
        path: `${url.pathname.replace(/\/$/, '')}/v2/updates/price/${moment}?ids%5B%5D=${id}&parsed=true`,
        headers: { 'user-agent': 'watchfire', accept: 'application/json', ...headers },
        bodyBytesMax: BODY_BYTES_MAX,
      })
      if (!answered.ok) return answered
      if (answered.value.status === NOT_FOUND && moment !== 'latest') continue
      return readUpdate(answered.value, id)
    }
    throw new Error('neither moment was asked for')
  } finally {
    session.close()
  }
}

function readUpdate({ status, body }: HttpReply, id: string): Step<PythPrice> {
  if (status >= 300 && status <= 399) return stopped(failed('redirect', `status ${status}`))
  if (status < 200 || status > 299) return stopped(judgeStatus(status))
  let update: unknown
  try {
    update = JSON.parse(body.toString('utf8'))
  } catch (error) {
    return stopped(failed('protocol', `no JSON: ${String(error)}`))
  }
  const parsed = isRecord(update) ? update['parsed'] : undefined
  const found = Array.isArray(parsed)
    ? parsed.find((one) => isRecord(one) && one['id'] === id)
    : undefined
  const price = isRecord(found) ? readPythPrice(found) : undefined
  return price === undefined
    ? stopped(failed('protocol', 'no price of the id that was asked for'))
    : done(price)
}

function readPythPrice(update: Record<string, unknown>): PythPrice | undefined {
  const { price, ema_price: average, metadata } = update
  if (!isRecord(price)) return undefined
  const { expo, publish_time: published } = price
  const value = readInteger(price['price'])
  const confidence = readInteger(price['conf'])
  if (value === undefined || confidence === undefined || confidence < 0n) return undefined
  if (typeof expo !== 'number' || !Number.isInteger(expo) || Math.abs(expo) > EXPONENT_MAX)
    return undefined
  if (typeof published !== 'number' || !Number.isSafeInteger(published * 1000) || published < 0) {
    return undefined
  }
  const slot = isRecord(metadata) ? metadata['slot'] : undefined
  const isAlike = isRecord(average) && average['expo'] === expo
  return {
    price: value,
    confidence,
    average: isAlike ? readInteger(average['price']) : undefined,
    decimals: -expo,
    publishedMs: published * 1000,
    slot: typeof slot === 'number' && Number.isSafeInteger(slot) && slot >= 0 ? slot : undefined,
  }
}

/** Hermes writes 64-bit integers as strings. */
function readInteger(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

function toSlotBytes(slot: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(slot))
  return bytes
}
