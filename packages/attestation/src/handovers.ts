import type { Epoch } from './brands.ts'
import { areEqual } from './bytes.ts'
import { checkCertificate } from './certificate.ts'
import { type EpochContext, makeEpochContext } from './epoch-context.ts'
import { checkHandoverCommittee, checkHandoverParameters } from './manifest-rules.ts'
import { formatProblem } from './problem.ts'
import { type Failure, fail, type Result, succeed } from './result.ts'
import type { HandoverProof } from './schema.ts'
import type { Verify } from './signatures.ts'

/** Why hand-overs do not lead from the manifest to an epoch (SPEC 9.2, checks 3 and 4). */
export type HandoversCode = 'unknown-epoch' | 'bad-handover'

/**
 * The way from the manifest to an epoch: checks 3 and 4 of SPEC 9.2, in that order.
 *
 * @param genesis the context of epoch 0, from the manifest
 * @param epoch the one that what the file holds is of
 * @param handovers one for each epoch before it, ascending
 * @param verify every signature goes through it
 * @returns the context of that epoch
 */
export function followHandovers(
  genesis: EpochContext,
  epoch: Epoch,
  handovers: readonly HandoverProof[],
  verify: Verify,
): Result<EpochContext, HandoversCode> {
  const missing = checkEpochs(epoch, handovers)
  if (missing !== undefined) return missing
  let context = genesis
  for (const handover of handovers) {
    const entered = enterEpoch(context, handover, verify)
    if (!entered.ok) {
      return fail('bad-handover', `hand-over of epoch ${context.epoch}: ${entered.detail}`)
    }
    context = entered.value
  }
  return succeed(context)
}

/** Check 3: the hand-overs lead from epoch 0 to this one, none missing and none too many. */
function checkEpochs(
  epoch: Epoch,
  handovers: readonly HandoverProof[],
): Failure<'unknown-epoch'> | undefined {
  for (const [index, { certificate }] of handovers.entries()) {
    const found = certificate.header.epoch
    if (found !== index) return fail('unknown-epoch', `hand-over ${index} is of epoch ${found}`)
  }
  return epoch === handovers.length
    ? undefined
    : fail('unknown-epoch', `epoch ${epoch} with ${handovers.length} hand-overs`)
}

/** Check 4: an epoch's last block, final in its own epoch, installs the next one. */
function enterEpoch(
  context: EpochContext,
  { certificate, committee, parameters }: HandoverProof,
  verify: Verify,
): Result<EpochContext, 'bad-handover'> {
  const checked = checkCertificate(context, certificate, verify)
  if (!checked.ok) return fail('bad-handover', `${checked.code}: ${checked.detail}`)
  const [next] = certificate.header.next
  if (next === undefined) return fail('bad-handover', 'its header installs nothing')
  const epoch = (context.epoch + 1) as Epoch
  const following = makeEpochContext(context.networkId, epoch, committee, parameters)
  if (
    !areEqual(next.committee, following.committeeHash) ||
    !areEqual(next.parameters, following.parametersHash)
  ) {
    return fail('bad-handover', 'its header installs something else')
  }
  const [problem] = [...checkHandoverCommittee(committee), ...checkHandoverParameters(parameters)]
  if (problem !== undefined) return fail('bad-handover', formatProblem(problem))
  return succeed(following)
}
