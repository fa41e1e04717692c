import {
  areEqual,
  type GroupState,
  groupStateType,
  type TargetState,
  targetStateType,
} from '@watchfire/attestation'

/** The earlier object where nothing changed: hashing goes by identity (SPEC 7.9). */
export function reuseTarget(before: TargetState, after: TargetState): TargetState {
  return isSameTarget(before, after) ? before : after
}

/** The earlier object where nothing changed. */
export function reuseGroup(before: GroupState | undefined, after: GroupState): GroupState {
  if (before === undefined || before.standing !== after.standing) return after
  return groupStateType.equals(before, after) ? before : after
}

/** The numbers first: they differ in most rounds, and comparing them costs nothing. */
function isSameTarget(before: TargetState, after: TargetState): boolean {
  return (
    before.reached === after.reached &&
    before.failed === after.failed &&
    before.verdict === after.verdict &&
    before.signals.length === after.signals.length &&
    before.signals.every((signal, index) => signal.value === after.signals[index]?.value) &&
    areEqual(before.id, after.id) &&
    targetStateType.equals(before, after)
  )
}
