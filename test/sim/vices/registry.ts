import { attestationEquivocator } from './attestation-equivocator.ts'
import { CertificateForger } from './certificate-forger.ts'
import { colludingLiar } from './colluding-liar.ts'
import { combine } from './combined.ts'
import { falseServer } from './false-server.ts'
import { flooder } from './flooder.ts'
import { forker } from './forker.ts'
import { garbler } from './garbler.ts'
import { impersonator } from './impersonator.ts'
import { lawlessLeader } from './lawless-leader.ts'
import { liar } from './liar.ts'
import { Outdated } from './outdated.ts'
import { proposalEquivocator } from './proposal-equivocator.ts'
import { Replayer } from './replayer.ts'
import { selective } from './selective.ts'
import { silent } from './silent.ts'
import { Slanderer } from './slanderer.ts'
import { Staller } from './staller.ts'
import { Supporter } from './supporter.ts'
import { twin } from './twin.ts'
import type { Vice } from './vice.ts'
import { VoteEquivocator } from './vote-equivocator.ts'
import { withholder } from './withholder.ts'
import { wrongRootLeader } from './wrong-root-leader.ts'

/** Every way to be faulty, by name; one that remembers things is made anew for each node. */
const makers = {
  silent: () => silent,
  selective: () => selective,
  withholder: () => withholder,
  liar: () => liar,
  'colluding-liar': () => colludingLiar,
  garbler: () => garbler,
  flooder: () => flooder,
  replayer: () => new Replayer(),
  outdated: () => new Outdated(),
  impersonator: () => impersonator,
  slanderer: () => new Slanderer(),
  'certificate-forger': () => new CertificateForger(),
  'false-server': () => falseServer,
  'vote-equivocator': () => new VoteEquivocator(),
  'attestation-equivocator': () => attestationEquivocator,
  'proposal-equivocator': () => proposalEquivocator,
  'wrong-root-leader': () => wrongRootLeader,
  'lawless-leader': () => lawlessLeader,
  forker: () => forker,
  supporter: () => new Supporter(),
  twin: () => twin,
  staller: () => new Staller(),
} as const satisfies Readonly<Record<string, () => Vice>>

export type ViceName = keyof typeof makers

export const viceNames = Object.keys(makers) as readonly ViceName[]

/**
 * Those that a seed may draw. Not who plots with clocks: those of `storm` are further apart than progress
 * asks (SPEC 6.2), and in `byzantine` they are so close that its plots come to little.
 */
export const drawnViceNames = viceNames.filter((name) => name !== 'staller')

/** @param names at least one; several are combined in their order */
export function makeVice(names: readonly ViceName[]): Vice {
  return combine(names.map((name) => makers[name]()))
}
