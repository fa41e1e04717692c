import type { EpochContext, UnixMs, View, SignatureCheck } from '@watchfire/attestation'
import type { AdmissionWindow } from '../core.ts'
import { invariant } from '../invariant.ts'
import {
  type Admission,
  type AdmissionConfig,
  type AdmissionResult,
  type Books,
  type Candidate,
  ignore,
  reject,
  type TopicName,
  topicBytesMax,
} from './admission.ts'
import { admitAttestation } from './attestation.ts'
import { admitCertificate } from './certificate.ts'
import { admitEvidence } from './evidence.ts'
import { admitProposal } from './proposal.ts'
import { admitStatus } from './status.ts'
import { admitVote } from './vote.ts'

/** Admission for the first epoch of `config`, until a window says otherwise. */
export function makeAdmission(config: AdmissionConfig): Admission {
  const [context] = config.epochs
  invariant(context !== undefined, 'there is an epoch 0')
  const window = {
    epoch: context.epoch,
    finalView: 0 as View,
    view: 1 as View,
    wanted: new Set<string>(),
    getHeldHeader: () => undefined,
  }
  return { config, ...makeEmptyBooks(context, window) } as object as Admission
}

function makeEmptyBooks(context: EpochContext, window: AdmissionWindow): Omit<Books, 'config'> {
  return {
    context,
    window,
    attestations: new Map(),
    votes: new Map(),
    proposals: new Map(),
    certificates: new Map(),
    accused: new Set(),
    statuses: new Map(),
  }
}

/**
 * Tells admission where the core is; to be called after each step. Forgets what is settled.
 *
 * @param window what `getAdmissionWindow` gives
 */
export function setAdmissionWindow(admission: Admission, window: AdmissionWindow): void {
  const books = admission as unknown as Books
  if (window.epoch !== books.context.epoch) {
    const context = books.config.epochs[window.epoch]
    invariant(context !== undefined, 'a core is in no epoch without a context')
    Object.assign(books, makeEmptyBooks(context, window))
    return
  }
  const isMoved = window.finalView !== books.window.finalView
  books.window = window
  if (!isMoved) return
  for (const map of [books.votes, books.proposals]) {
    for (const view of map.keys()) if (view <= window.finalView) map.delete(view)
  }
  for (const view of books.certificates.keys()) {
    if (view < window.finalView) books.certificates.delete(view)
  }
}

/**
 * Judges one message (SPEC 8). It never throws, whatever the bytes.
 *
 * @param topic whose message it is
 * @param shard of an attestation's topic; undefined where the message came by no topic
 * @param bytes as received; they are not kept
 * @param nowMs the wall clock
 * @param check says whether a signature is valid, or that it will not say now
 * @returns what to do with the message and what to feed to the core. On `accept` the message is
 *   remembered as seen, so it must then reach the core. Whatever `action` says, `evidence`, if there
 *   is any, is to be fed to the core too
 */
export function admit(
  admission: Admission,
  topic: TopicName,
  shard: number | undefined,
  bytes: Uint8Array,
  nowMs: UnixMs,
  check: SignatureCheck,
): AdmissionResult {
  const books = admission as unknown as Books
  // [REJECT] size
  if (bytes.length > topicBytesMax[topic]) return reject('too-large')
  try {
    return admitters[topic]({ books, bytes, nowMs, check }, shard)
  } catch (error) {
    // SPEC 8: whatever goes wrong in here is ours. The code tells the caller to raise an alarm.
    return ignore(
      'internal',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    )
  }
}

type Admit = (candidate: Candidate, shard: number | undefined) => AdmissionResult

const admitters: Readonly<Record<TopicName, Admit>> = {
  attestation: admitAttestation,
  proposal: admitProposal,
  vote: admitVote,
  certificate: admitCertificate,
  evidence: admitEvidence,
  status: admitStatus,
}
