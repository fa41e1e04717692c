import type { SourceMutant } from './mutant.ts'

// Bugs in evidence and in what is believed of certificates (SPEC 8.3, 8.4, 9).

const evidence = 'packages/attestation/src/evidence.ts'
const signatures = 'packages/attestation/src/member-signatures.ts'

/** Met by a member that accuses the honest. */
function slandered(name: string, find: string, replace: string): SourceMutant {
  return {
    name,
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['slanderer'],
    edits: [{ file: evidence, find, replace }],
  }
}

/** Met by a member that makes certificates of its own. */
function forged(name: string, find: string, replace: string): SourceMutant {
  return {
    name,
    caughtBy: 'certificate',
    scenario: 'byzantine',
    vices: ['certificate-forger'],
    edits: [{ file: signatures, find, replace }],
  }
}

export const evidenceMutants: readonly SourceMutant[] = [
  slandered(
    'looks at no signature of evidence',
    "if (verdict === 'invalid') return fail('bad-signature', 'a signature does not verify')",
    '',
  ),
  slandered(
    'takes attestations of two rounds for two of one',
    'if (a.round !== b.round || a.shard !== b.shard) {',
    'if (a.shard !== b.shard) {',
  ),
  slandered(
    'takes votes of two views for two of one',
    "if (a.view !== b.view) return fail('different-places', 'of two views')\n      if (!isVoteWellFormed(a)",
    'if (!isVoteWellFormed(a)',
  ),
  {
    name: 'takes notarize and nullify in one view for a fault',
    caughtBy: 'honest-accused',
    scenario: 'clocks',
    edits: [
      {
        file: evidence,
        find: '(a.kind === finalize && b.kind === nullify) || (a.kind === nullify && b.kind === finalize)',
        replace: 'a.kind === nullify || b.kind === nullify',
      },
    ],
  },
  {
    name: 'takes the same vote again for another',
    caughtBy: 'honest-accused',
    scenario: 'lossy',
    edits: [
      {
        file: evidence,
        find: 'if (a.kind === b.kind) return !areEqual(a.header, b.header)',
        replace: 'if (a.kind === b.kind) return true',
      },
    ],
  },
  {
    name: 'keeps to itself who signed two things',
    caughtBy: 'evidence',
    scenario: 'byzantine',
    vices: ['vote-equivocator'],
    edits: [
      {
        file: 'packages/consensus/src/validate/admission.ts',
        find: "return { action: 'ignore', code: 'equivocation', evidence }",
        replace: "return { action: 'ignore', code: 'equivocation' }",
      },
    ],
  },
  {
    name: 'puts no evidence into its blocks',
    caughtBy: 'evidence',
    scenario: 'byzantine',
    vices: ['attestation-equivocator'],
    edits: [
      {
        file: 'packages/consensus/src/propose.ts',
        find: 'const evidence = getPendingEvidence(draft, prior)',
        replace: 'const evidence = getPendingEvidence(draft, prior).slice(0, 0)',
      },
    ],
  },
  forged(
    'takes a certificate that lacks one',
    'weight < context.quorum',
    'weight < context.quorum - 1',
  ),
  forged('takes a signer twice', 'member <= previous', 'member < previous'),
  {
    ...forged(
      'looks at no signature of a certificate',
      'publicKey === undefined || !verify(signature, digest, publicKey)',
      'publicKey === undefined',
    ),
    // The honest are alarmed even sooner: at signatures of theirs that they never made.
    isAlone: true,
  },
  {
    name: 'takes any block for the parent of a certified one',
    caughtBy: 'agreement',
    scenario: 'outage',
    vices: ['certificate-forger'],
    edits: [
      {
        file: 'packages/attestation/src/certificate.ts',
        find: "if (!areEqual(child.parent, parentDigest)) return 'a descendant names another parent'",
        replace: '',
      },
    ],
  },
]
