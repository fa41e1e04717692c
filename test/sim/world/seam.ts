import type { EpochContext, UnixMs } from '@watchfire/attestation'
import {
  type AdmissionWindow,
  type CoreConfig,
  type CoreState,
  getAdmissionWindow,
  getStatus,
  type Input,
  type Recovery,
  start,
  type Status,
  step,
  type StepResult,
} from '@watchfire/consensus'
import type { VoteLog } from '../../../packages/node/src/ports.ts'
import { SimDisk } from './disk.ts'
import { recoverNode } from './recovery.ts'

/** The agreement core as a node calls it. */
export interface Engine {
  start(config: CoreConfig, recovery: Recovery, nowMs: UnixMs): StepResult
  step(state: CoreState, input: Input): StepResult
  getStatus(state: CoreState): Status
  getAdmissionWindow(state: CoreState): AdmissionWindow
}

export const realEngine: Engine = { start, step, getStatus, getAdmissionWindow }

/** Where a node of the simulator touches what is tested; a mutant replaces one of these. */
export interface Seam {
  /** @param node by index, so that a mutant may break one node only */
  makeEngine(node: number): Engine
  makeDisk(node: number): SimDisk
  /** What the node takes for the epochs. */
  getEpochs(epochs: readonly EpochContext[], node: number): readonly EpochContext[]
  /** What the node makes of its disk when it comes back. */
  recover(disk: SimDisk, log: VoteLog | undefined, isDoubtful: boolean, epochs: number): Recovery
  /** Whether the node looks into its log before it attests. */
  readonly remembersAttestations: boolean
}

/** Nothing replaced: the code that runs in production. */
export const soundSeam: Seam = {
  makeEngine: () => realEngine,
  makeDisk: () => new SimDisk(),
  getEpochs: (epochs) => epochs,
  recover: recoverNode,
  remembersAttestations: true,
}
