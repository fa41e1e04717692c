import { isValidSignature } from './ed25519.ts'
import { computeStateRoot, digest, number, tagged } from './hashes.ts'
import { insist, Malformed, type Struct, type Value } from './ssz.ts'
import {
  certificate,
  committee,
  file,
  parameters,
  rawCertificate,
  rawFile,
  state,
} from './wire-types.ts'

// SPEC 9.2, written from SPEC.md alone: it shares no code with ours, and no library but a hash.
// Where it and ours differ, one of them or SPEC.md is wrong.

interface Certificate {
  readonly view: number
  readonly header: Struct
  readonly descendants: Struct[]
  readonly signatures: { member: number; signature: Uint8Array }[]
}

interface Epoch {
  readonly number: number
  readonly network: Uint8Array
  readonly members: { id: Uint8Array; publicKey: Uint8Array; weight: number }[]
  readonly targetIds: Uint8Array[]
  readonly parameters: Struct
  readonly committeeHash: Uint8Array
  readonly parametersHash: Uint8Array
}

/** A manifest as far as vectors give it: the SSZ of committee and parameters, and the network id. */
export interface TrustRoot {
  readonly networkId: Uint8Array
  readonly committee: Uint8Array
  readonly parameters: Uint8Array
}

class Refused extends Error {}

function demand(condition: boolean, code: string): asserts condition {
  if (!condition) throw new Refused(code)
}

/**
 * `valid`, or the code of the first check of SPEC 9.2 that fails.
 *
 * @param isRuleful whether a committee and parameters, in SSZ, satisfy SPEC 4.4: the vectors of
 *   manifests are for that, so it is not written a second time
 */
export function readCertificateFile(
  bytes: Uint8Array,
  root: TrustRoot,
  isRuleful: (committee: Uint8Array, parameters: Uint8Array) => boolean,
): string {
  try {
    check(bytes, root, isRuleful)
    return 'valid'
  } catch (error) {
    if (error instanceof Malformed) return 'malformed'
    if (error instanceof Refused) return error.message
    throw error
  }
}

function check(
  bytes: Uint8Array,
  root: TrustRoot,
  isRuleful: (committee: Uint8Array, parameters: Uint8Array) => boolean,
): void {
  const decoded = file.read(bytes) as Struct
  insist(Buffer.from(decoded['magic'] as Uint8Array).toString() === 'WFCERT01', 'magic')
  demand(same(decoded['network'], root.networkId), 'wrong-network')

  const parts = rawFile.read(bytes) as Struct & {
    certificate: Uint8Array
    state: Uint8Array
    handovers: Record<'certificate' | 'committee' | 'parameters', Uint8Array>[]
  }
  const last = certificate.read(parts.certificate) as unknown as Certificate
  for (const [i, proof] of parts.handovers.entries()) {
    const { header: its } = certificate.read(proof.certificate) as unknown as Certificate
    demand(its['epoch'] === i, 'unknown-epoch')
  }
  demand(last.header['epoch'] === parts.handovers.length, 'unknown-epoch')

  let epoch = enter(0, root.networkId, root.committee, root.parameters)
  for (const proof of parts.handovers) {
    try {
      checkCertificate(proof.certificate, epoch)
    } catch (error) {
      throw error instanceof Refused ? new Refused('bad-handover') : error
    }
    const its = certificate.read(proof.certificate) as unknown as Certificate
    const [next] = its.header['next'] as Struct[]
    const entered = enter(epoch.number + 1, root.networkId, proof.committee, proof.parameters)
    demand(next !== undefined, 'bad-handover')
    demand(same(next['committee'], entered.committeeHash), 'bad-handover')
    demand(same(next['parameters'], entered.parametersHash), 'bad-handover')
    demand(isRuleful(proof.committee, proof.parameters), 'bad-handover')
    epoch = entered
  }
  checkCertificate(parts.certificate, epoch)
  checkState(parts.state, last.header, epoch)
}

function enter(
  epoch: number,
  network: Uint8Array,
  committeeBytes: Uint8Array,
  parametersBytes: Uint8Array,
): Epoch {
  const { members } = committee.read(committeeBytes) as unknown as Epoch
  const read = parameters.read(parametersBytes) as Struct & { targets: { id: Uint8Array }[] }
  return {
    number: epoch,
    network,
    members,
    targetIds: read.targets.map((each) => each.id),
    parameters: read,
    committeeHash: tagged('committee', committeeBytes),
    parametersHash: tagged('parameters', parametersBytes),
  }
}

/** Checks 5 to 11. */
function checkCertificate(bytes: Uint8Array, epoch: Epoch): void {
  const {
    view,
    header: first,
    descendants,
    signatures,
  } = certificate.read(bytes) as unknown as Certificate
  const parts = rawCertificate.read(bytes) as Struct & {
    header: Uint8Array
    descendants: Uint8Array[]
  }
  const headers = [first, ...descendants]
  for (const each of headers) {
    demand(each['epoch'] === epoch.number, 'wrong-committee')
    demand(same(each['committee'], epoch.committeeHash), 'wrong-committee')
    demand(same(each['parameters'], epoch.parametersHash), 'wrong-committee')
  }
  const digests = [parts.header, ...parts.descendants].map((each) =>
    digest(epoch.network, 'header', epoch.number, each),
  )
  for (const [i, child] of descendants.entries()) {
    const parent = headers[i] ?? first
    demand(same(child['parent'], digests[i]), 'broken-chain')
    demand(child['height'] === (parent['height'] as number) + 1, 'broken-chain')
    demand(child['parentRound'] === parent['round'], 'broken-chain')
    demand((child['round'] as number) > (parent['round'] as number), 'broken-chain')
    demand((parent['next'] as Struct[]).length === 0, 'broken-chain')
  }
  checkSignatures(signatures, view, digests.at(-1) ?? Buffer.alloc(0), epoch)
  demand((first['round'] as number) > (first['parentRound'] as number), 'bad-round')
  demand((first['height'] as number) >= 1 && view >= 1, 'bad-round')
  const time = (name: string) => BigInt(epoch.parameters[name] as number)
  const rounds = BigInt(first['round'] as number) - time('originRound')
  const startMs = time('originMs') + rounds * time('roundMs')
  const untilMs = startMs + 2n * time('roundMs') + time('proposeAtMs') + time('viewTimeoutMs')
  demand(startMs >= 0n && untilMs < 2n ** 53n, 'bad-round')
}

/** Checks 7 to 10. */
function checkSignatures(
  signatures: Certificate['signatures'],
  view: number,
  voted: Uint8Array,
  epoch: Epoch,
): void {
  for (const one of signatures) demand(one.member < epoch.members.length, 'unknown-member')
  for (const [i, one] of signatures.entries()) {
    demand(i === 0 || (signatures[i - 1]?.member ?? 0) < one.member, 'unordered-signatures')
  }
  const total = epoch.members.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  const weight = signatures.reduce(
    (sum, one) => sum + BigInt(epoch.members[one.member]?.weight ?? 0),
    0n,
  )
  demand(weight >= (2n * total) / 3n + 1n, 'insufficient-weight')
  for (const one of signatures) {
    // Vote { epoch, view, kind, member, header }, of which nothing varies in size.
    const vote = Buffer.concat([
      number(epoch.number, 8),
      number(view, 8),
      number(3, 1),
      number(one.member, 2),
      voted,
    ])
    const signed = digest(epoch.network, 'finalize', epoch.number, vote)
    const key = epoch.members[one.member]?.publicKey ?? new Uint8Array(32)
    demand(isValidSignature(one.signature, signed, key), 'bad-signature')
  }
}

/** Check 12. */
function checkState(bytes: Uint8Array, certified: Struct, epoch: Epoch): void {
  demand(same(certified['stateRoot'], computeStateRoot(bytes)), 'wrong-state')
  const {
    meta: about,
    targets,
    groups,
  } = state.read(bytes) as Record<'meta', Struct> & Record<'targets' | 'groups', Struct[]>
  for (const field of ['epoch', 'height', 'round']) {
    demand(about[field] === certified[field], 'wrong-state')
  }
  demand(targets.length === epoch.targetIds.length, 'wrong-state')
  const bounds = {
    verdict: 5,
    settled: 4,
    streak: 4,
    reasonKind: 6,
    outcome: 999,
    referenceKind: 2,
    astray: 1,
  }
  for (const [i, each] of targets.entries()) {
    demand(same(each['id'], epoch.targetIds[i]), 'wrong-state')
    for (const [field, max] of Object.entries(bounds)) {
      demand((each[field] as number) <= max, 'wrong-state')
    }
  }
  checkGroups(groups, epoch.parameters['targets'] as Struct[])
}

function checkGroups(groups: Struct[], targets: Struct[]): void {
  const hex = (each: Struct, field: string) =>
    Buffer.from(each[field] as Uint8Array).toString('hex')
  const ids = [...new Set(targets.map((each) => hex(each, 'group')))].filter((id) => id !== '')
  demand(groups.map((each) => hex(each, 'id')).join() === ids.toSorted().join(), 'wrong-state')
  for (const group of groups) {
    demand((group['standing'] as number) <= 4, 'wrong-state')
    for (const { target, signal } of group['signals'] as Struct[]) {
      const defined = targets[target as number]?.['signals'] as Struct[] | undefined
      demand(defined?.[signal as number] !== undefined, 'wrong-state')
    }
  }
}

function same(a: Value | undefined, b: Uint8Array | undefined): boolean {
  return a instanceof Uint8Array && b !== undefined && Buffer.compare(a, b) === 0
}
