import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Step } from '../../kind.ts'
import type { HttpReply } from '../../net/http-exchange.ts'
import { describeError, done, failed, getErrorCode, stopped } from '../../steps.ts'

/** Content codings that can be asked for (RFC 9110 8.4.1). */
export const codings = ['gzip', 'deflate', 'br'] as const
export type Coding = (typeof codings)[number]

const undo = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const

/**
 * A body without its coding, which must be the one that was asked for.
 *
 * @param bytesMax - of what it comes to; a bomb is `too-large`, and no more of it is undone
 */
export async function undoCoding(
  reply: HttpReply,
  coding: Coding,
  bytesMax: number,
): Promise<Step<Buffer>> {
  const answered = reply.headers.get('content-encoding') ?? 'identity'
  if (answered.toLowerCase() !== coding) {
    return stopped(failed('content', `answered in ${answered}, not in ${coding}`))
  }
  try {
    // Node takes no bound of 0.
    return done(await undo[coding](reply.body, { maxOutputLength: Math.max(1, bytesMax) }))
  } catch (error) {
    const isLarge = getErrorCode(error) === 'ERR_BUFFER_TOO_LARGE'
    return stopped(
      isLarge
        ? failed('too-large', `more than ${bytesMax} bytes once ${coding} is undone`)
        : failed('protocol', `no ${coding}: ${describeError(error)}`),
    )
  }
}
