import type { UnixMs } from '@watchfire/attestation'
import {
  onAttestation,
  onFetchedBlock,
  checkNotarized,
  dropStaleBlocks,
  resolveBlocks,
} from './blocks.ts'
import { prunePool, toHeld } from './attestation-pool.ts'
import { mayNullify } from './cast.ts'
import type { CoreState, Input, StepResult } from './core.ts'
import { onEvidence } from './accuse.ts'
import { getFetchWakeMs, getStallMs, scheduleFetches } from './fetches.ts'
import { onConflict, onSynced, pursueFinality } from './finality.ts'
import { closeDraft, type Core, type Draft, getView, openDraft, openState } from './model.ts'
import { checkOwnSignature, mute, onUnmute } from './mute.ts'
import { getProposeWakeMs, tryPropose } from './propose.ts'
import { repeatIfDue } from './repeat.ts'
import { onVote } from './tally.ts'
import { getDeadlineMs, reanchorTimers, recordCertificate } from './views.ts'
import { considerProposal, getHoldWakeMs, onProposal, onViewTimer } from './vote.ts'

/*
 * The agreement core (SPEC 6): Simplex, Chan and Pass, TCC 2023, with weights.
 *
 *   input        what it changes
 *   attestation  the pool of its round; blocks that wait for it
 *   proposal     the first of a near view is held, its block kept
 *   vote         counted; a quorum makes the view's certificate, then as for certificate
 *   certificate  stored; at or above the current view it lets the node into the next one
 *   evidence     kept for the next block, and passed on
 *   block        kept, if a notarized header or a child of it names it
 *   synced       becomes the final block, if higher
 *   conflict     stops the node's voting for good
 *   mute         the node signs nothing until it is told from which view on it may
 *   unmute       says from which view on the node may sign
 *   tick         nothing but the time
 *
 * After every input, all rules are looked at, in this order, each once: none depends on which input
 * it was, so a message that came early, late, twice or in another order leads to the same place.
 *
 *   rule                                                        SPEC          Simplex
 *   compute the states of needed blocks whose inputs are held   6.4.8–11      –
 *   stop at a notarized block that is not as chapter 7 has it   6.8           –
 *   finalize what is proven; start the next epoch after the     6.7, 6.1      "Finalize"
 *     last block
 *   vote notarize for the proposal of the view, hold or refuse  6.4           "Vote": first valid proposal
 *   propose, if leader and a round is ripe                      6.3           "Leader": extend the highest notarized chain
 *   vote nullify, if the view's timer has fired                 6.5           "Timer": vote for the dummy block
 *   send again what was signed; ask for what is missing         6.5, 6.4.4    –
 *
 * Votes finalize are cast where certificates are recorded (`views.ts`): on a notarization, unless the
 * view was nullified by this node ("Finalize": not after its own time-out).
 *
 * Deviations from the paper, each argued in SPEC: votes weigh; views pass on a quorum's nullify where
 * the paper counts a dummy block's votes; a node's certificates are forwarded on entry; a block may be
 * proposed again at an epoch's end; blocks carry a round, which waits for the wall clock. Safety rests
 * on none of the timers: on one notarize a view, and on finalize and nullify excluding each other.
 */

/**
 * One step of agreement: pure, deterministic, and leaving `state` as it is.
 *
 * @param state what `start` or an earlier step gave
 * @param input what happened, messages having passed admission (SPEC 8)
 * @returns the new state, what to do in order, and when a tick is wanted
 * @throws InvariantError for a bug of ours, never for what peers send
 */
export function step(state: CoreState, input: Input): StepResult {
  const core = openState(state)
  const draft = openDraft(core, input.nowMs)
  if (input.nowMs < core.nowMs) reanchorTimers(draft)
  take(draft, input)
  return settle(draft, core)
}

function take(draft: Draft, input: Input): void {
  switch (input.kind) {
    case 'attestation':
      onAttestation(draft, toHeld(input.message, input.digest))
      break
    case 'proposal':
      onProposal(draft, input.message)
      break
    case 'vote':
      onVote(draft, input.message)
      break
    case 'certificate':
      checkOwnSignature(draft, input.message)
      recordCertificate(draft, input.message)
      break
    case 'evidence':
      onEvidence(draft, input.message)
      break
    case 'block':
      onFetchedBlock(draft, input.block)
      break
    case 'synced':
      onSynced(draft, input.certificate, input.state)
      break
    case 'conflict':
      onConflict(draft, input.certificates)
      break
    case 'unmute':
      onUnmute(draft, input.fromView)
      break
    case 'mute':
      mute(draft, input.detail, {})
      break
    case 'tick':
      break
  }
}

/**
 * Looks at all rules and closes the step.
 *
 * @param before the core that the step began with, if there was one
 */
export function settle(draft: Draft, before?: Core): StepResult {
  prunePool(draft)
  settleBlocks(draft)
  considerProposal(draft)
  tryPropose(draft)
  onViewTimer(draft)
  repeatIfDue(draft)
  if (draft.view !== before?.view || draft.final !== before.final) dropStaleBlocks(draft)
  scheduleFetches(draft)
  const wakeAtMs = getWakeMs(draft)
  return { ...closeDraft(draft), wakeAtMs }
}

/** The rules on blocks and finality. Looked at as before, they would say nothing that they did not. */
function settleBlocks(draft: Draft): void {
  const { blocks, notarized, final, finalView, finalizations, halted, surveyed } = draft
  const proposed = getView(draft, draft.view).proposal?.hex
  if (
    surveyed !== undefined &&
    surveyed.blocks === blocks &&
    surveyed.notarized === notarized &&
    surveyed.final === final &&
    surveyed.finalView === finalView &&
    surveyed.finalizations === finalizations &&
    surveyed.halted === halted &&
    surveyed.proposed === proposed
  ) {
    return
  }
  draft.surveyed = { blocks, notarized, final, finalView, finalizations, halted, proposed }
  resolveBlocks(draft)
  checkNotarized(draft)
  pursueFinality(draft)
}

/** The earliest time at which a rule may come to another end by time alone. */
function getWakeMs(draft: Draft): UnixMs | undefined {
  const stallMs = getStallMs(draft)
  const times = [
    mayNullify(draft) ? getDeadlineMs(draft) : undefined,
    draft.me === undefined ? undefined : draft.repeatAtMs,
    stallMs > draft.nowMs ? stallMs : undefined,
    getHoldWakeMs(draft),
    getProposeWakeMs(draft),
    getFetchWakeMs(draft),
  ]
  let wakeAtMs: UnixMs | undefined
  for (const time of times) {
    if (time !== undefined && (wakeAtMs === undefined || time < wakeAtMs)) wakeAtMs = time
  }
  return wakeAtMs
}
