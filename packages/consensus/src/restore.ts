import { getProposalClaim, toHex, type View } from '@watchfire/attestation'
import { type Draft, getView, type OwnVotes, updateView } from './model.ts'
import { getVoteName } from './views.ts'

/**
 * Marks as signed what the log holds for the current epoch, before any rule may sign; the view is
 * at least as high as any that was signed in (SPEC 6.9). What is of later epochs stays for then.
 */
export function restoreSigned(draft: Draft): void {
  const { signedProposals, signedVotes } = draft.signedLater
  const { epoch } = draft.context
  const mark = (view: View, signed: Partial<OwnVotes>) => {
    if (view <= draft.finalView) return
    updateView(draft, view, { own: { ...getView(draft, view).own, ...signed } })
    if (view > draft.view) draft.view = view
  }
  for (const { message } of signedProposals) {
    if (message.epoch !== epoch) continue
    mark(message.view, {
      proposal: toHex(getProposalClaim(draft.config.networkId, message).header),
    })
  }
  for (const { message } of signedVotes) {
    const name = getVoteName(message.kind)
    if (name === undefined || message.epoch !== epoch) continue
    mark(message.view, name === 'nullify' ? { nullify: true } : { [name]: toHex(message.header) })
  }
  draft.signedLater = {
    signedProposals: signedProposals.filter(({ message }) => message.epoch > epoch),
    signedVotes: signedVotes.filter(({ message }) => message.epoch > epoch),
  }
}
