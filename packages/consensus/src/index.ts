/**
 * What is decided: the agreement core, aggregation, verdicts and the state they make. Pure.
 *
 * @packageDocumentation
 */
export * from './aggregate.ts'
export * from './core.ts'
export { InvariantError } from './invariant.ts'
export { start } from './recovery.ts'
export * from './state.ts'
export { getAdmissionWindow, getStatus } from './status.ts'
export { step } from './step.ts'
export { VIEWS_AHEAD } from './tally.ts'
export { getRawVerdict, settleVerdict } from './verdict.ts'
export { PROPOSALS_AHEAD } from './vote.ts'
export {
  type Admission,
  type AdmissionCode,
  type AdmissionConfig,
  type AdmissionResult,
  type AdmittedMessage,
  type TopicName,
  topicBytesMax,
} from './validate/admission.ts'
export { admit, makeAdmission, setAdmissionWindow } from './validate/admit.ts'
