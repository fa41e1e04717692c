/** One vote of an honest member, as the model's trace tells it. Members are 0 to 2. */
export type TraceEvent =
  | {
      readonly kind: 'notarize'
      readonly member: number
      readonly view: number
      readonly block: number
      readonly parentView: number
    }
  | { readonly kind: 'nullify'; readonly member: number; readonly view: number }
  | {
      readonly kind: 'finalize'
      readonly member: number
      readonly view: number
      readonly block: number
    }

/**
 * Reads what the model prints. The model sorts its rows and says when it swaps two; here they become
 * members again.
 */
export function parseTrace(lines: readonly string[]): TraceEvent[] {
  const members = [0, 1, 2]
  const events: TraceEvent[] = []
  for (const line of lines) {
    const [word] = line.split(' ')
    const [row = 0, second = 0, third = 0, , fifth = 0] = (line.match(/\d+/g) ?? []).map(Number)
    const member = members[row] ?? 0
    switch (word ?? '') {
      case 'SWAP': {
        const other = members[second] ?? 0
        members[row] = other
        members[second] = member
        break
      }
      case 'NOTARIZE':
        events.push({ kind: 'notarize', member, view: second, block: third, parentView: fifth })
        break
      case 'NULLIFY':
        events.push({ kind: 'nullify', member, view: second })
        break
      case 'FINALIZE':
        events.push({ kind: 'finalize', member, view: second, block: third })
        break
    }
  }
  return events
}
