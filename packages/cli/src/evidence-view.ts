import {
  type Evidence,
  type EvidencePlace,
  getCodeName,
  type ProvenEquivocation,
  toHex,
  voteKinds,
} from '@watchfire/attestation'

/** What an evidence file proves, in names instead of numbers: for `--json`, and to write out. */
export interface EvidenceView {
  readonly network: string
  /** Names this piece of evidence. */
  readonly digest: string
  readonly offender: string
  readonly kind: EvidencePlace['kind']
  readonly epoch: number
  /** Of attestations. */
  readonly round: number | null
  readonly shard: number | null
  /** Of proposals and votes. */
  readonly view: number | null
  /** What was signed, the lesser digest first. */
  readonly signed: readonly { readonly digest: string; readonly says: string }[]
}

export function viewEvidence(proven: ProvenEquivocation): EvidenceView {
  const { context, digest, evidence, offender, place, signed } = proven
  const isAttestation = place.kind === 'attestation'
  const says = describeHalves(evidence)
  return {
    network: toHex(context.networkId),
    digest: toHex(digest),
    offender,
    kind: place.kind,
    epoch: place.epoch,
    round: isAttestation ? place.round : null,
    shard: isAttestation ? place.shard : null,
    view: isAttestation ? null : place.view,
    signed: signed.map((each, index) => ({ digest: toHex(each), says: says[index] ?? '' })),
  }
}

/** For what place a member signed twice, in words. */
export function formatPlace({ kind, epoch, round, shard, view }: EvidenceView): string {
  const where =
    kind === 'attestation'
      ? `round ${round}${shard === 0 ? '' : `, shard ${shard}`}`
      : `view ${view}`
  return `two ${kind}s for ${where}${epoch === 0 ? '' : ` of epoch ${epoch}`}`
}

/** What an evidence file proves, for people: a fact a line. */
export function formatEvidence(view: EvidenceView, name: string): [label: string, text: string][] {
  return [
    ['network', `${name} (${view.network})`],
    ['offender', view.offender],
    ['signed', formatPlace(view)],
    ...view.signed.map(({ digest, says }, index): [string, string] => [
      index === 0 ? 'first' : 'second',
      `${digest}  ${says}`,
    ]),
    ['evidence', view.digest],
  ]
}

function describeHalves(evidence: Evidence): readonly string[] {
  switch (evidence.selector) {
    case 0:
      return getHalves(evidence.value).map(
        ({ message }) => `observations ${toHex(message.observations)}`,
      )
    case 1:
      return getHalves(evidence.value).map(
        ({ message }) => `header ${toHex(message.header)} on view ${message.parentView}`,
      )
    default:
      return getHalves(evidence.value).map(({ message: { kind, header } }) =>
        kind === voteKinds.nullify
          ? 'nullify'
          : `${getCodeName(voteKinds, kind)} header ${toHex(header)}`,
      )
  }
}

function getHalves<T>({ first, second }: { readonly first: T; readonly second: T }): readonly T[] {
  return [first, second]
}
