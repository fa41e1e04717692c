import type { AlarmInputs, HaltCode } from './core.ts'
import type { Draft } from './model.ts'

/**
 * Stops voting for good and says why, once (SPEC 6.7, 6.8). The core goes on following what others
 * certify as far as it can.
 */
export function raiseAlarm(
  draft: Draft,
  code: HaltCode,
  detail: string,
  inputs: AlarmInputs,
): void {
  if (draft.halted !== undefined) return
  draft.halted = code
  draft.effects.push({ kind: 'alarm', code, detail, inputs })
}
