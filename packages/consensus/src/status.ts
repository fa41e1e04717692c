import { type Digest, getLeader, getWeight, toHex, type View } from '@watchfire/attestation'
import { getBlockNeeds } from './block-needs.ts'
import type { AdmissionWindow, CoreState, Status } from './core.ts'
import { type Core, getHeader, getTip, getView, openState } from './model.ts'
import { getHeard } from './tally.ts'
import { getDeadlineMs, getVoteName } from './views.ts'

/** What surfaces show of a core, at the time of its last step. */
export function getStatus(state: CoreState): Status {
  const core = openState(state)
  const { context, final } = core
  const tip = getHeader(core, getTip(core).hex) ?? final.header
  const viewDeadlineMs = getDeadlineMs(core)
  const needs = getBlockNeeds(core)
  const excluded = new Set([
    ...core.evidence.keys(),
    ...(final.header.epoch === context.epoch
      ? final.state.meta.excluded.map(({ member }) => member)
      : []),
  ])
  return {
    epoch: context.epoch,
    view: core.view,
    enteredViewAtMs: core.enteredAtMs,
    leader: getLeader(context, core.view),
    finalHeight: final.header.height,
    finalRound: final.header.round,
    tipRound: tip.round,
    tipHeight: tip.height,
    muted:
      core.muteUntilView === 'told' ||
      (core.muteUntilView !== undefined && core.view < core.muteUntilView),
    ...(core.halted === undefined ? {} : { halted: core.halted }),
    viewDeadlineMs,
    ...(core.nowMs < viewDeadlineMs ? {} : { waiting: getWaiting(core) }),
    ended: core.isEnded,
    missingAttestations: needs.wanted.size,
    missingBlocks: needs.missing.size,
    excluded: [...excluded].toSorted((a, b) => a - b),
  }
}

function getWaiting(core: Core): NonNullable<Status['waiting']> {
  const heard = getHeard(core)
  const { quorum } = core.context
  return { heard, heardWeight: getWeight(core.context, heard), quorum }
}

/** What admission goes by until the next step (SPEC 8). */
export function getAdmissionWindow(state: CoreState): AdmissionWindow {
  const core = openState(state)
  return {
    epoch: core.context.epoch,
    finalView: core.finalView,
    view: core.view,
    wanted: getBlockNeeds(core).wanted,
    getHeldHeader: (view, kind) => getHeldHeader(core, view, kind),
  }
}

function getHeldHeader(core: Core, view: View, kind: number): Digest | undefined {
  const name = getVoteName(kind)
  if (name === undefined) return undefined
  const { certificates, own } = getView(core, view)
  const header = certificates[name]?.header
  // Of a final view, and below, nothing that this node signed matters any more.
  if (header === undefined || core.me === undefined || view <= core.finalView) return header
  const isCast = name === 'nullify' ? own.nullify : own[name] === toHex(header)
  return isCast ? header : undefined
}
