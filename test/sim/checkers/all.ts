import { type AlarmCode, getGenesisState } from '@watchfire/consensus'
import { AgreementChecker } from './agreement.ts'
import { AttestationBook } from './attestation-book.ts'
import { BallotChecker } from './ballot.ts'
import { BlockChecker } from './block.ts'
import { CertificateChecker } from './certificates.ts'
import { ChainChecker } from './chain.ts'
import type { AuditContext, Checker, Violate } from './checker.ts'
import { ConductChecker, DurabilityChecker } from './conduct.ts'
import { DoubleSignatureChecker } from './double-signature.ts'
import { EvidenceChecker } from './evidence.ts'
import { MemoryChecker } from './memory.ts'
import { OwnReader } from './own-messages.ts'
import { SignatureChecker } from './signatures.ts'
import { ValidityChecker } from './validity.ts'

/** What watches a run, save for what is looked at from outside, at its end (`liveness.ts`). */
export function makeCheckers(
  context: AuditContext,
  violate: Violate,
  alarmsAllowed: ReadonlySet<AlarmCode>,
): readonly Checker[] {
  const [first] = context.founding.epochs
  if (first === undefined) throw new Error('a network without an epoch')
  const genesis = getGenesisState(first)
  const reader = new OwnReader(context)
  const attestations = new AttestationBook(reader)
  return [
    { name: 'state', onPublish: (_node, topic, bytes) => attestations.see(topic, bytes) },
    new AgreementChecker(context, violate),
    new DoubleSignatureChecker(reader, violate),
    new SignatureChecker(reader, violate),
    new BallotChecker(context, reader, violate),
    new CertificateChecker(context, violate),
    new BlockChecker(context, violate, genesis),
    new ValidityChecker(context, attestations, violate),
    new ChainChecker(context, attestations, violate, genesis),
    new DurabilityChecker(violate),
    new ConductChecker(violate, context.honest, alarmsAllowed),
    new EvidenceChecker(context, reader, violate),
    new MemoryChecker(context, violate),
  ]
}
