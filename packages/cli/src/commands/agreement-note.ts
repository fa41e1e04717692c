import type { Answer } from '../answer.ts'
import type { Terminal } from '../text/terminal.ts'

/** Says on stderr, with whatever was asked for, that the node sees no agreement. */
export function noteAgreement(terminal: Terminal, answer: Answer): void {
  const agreement = answer.object('agreement')
  const state = agreement.text('status')
  if (state === undefined || state === 'ok') return
  terminal.err(`NO AGREEMENT (${state}): ${agreement.text('words') ?? 'the node does not say why'}`)
}
