import type { InboundMessage, TopicName } from '../ports.ts'

/**
 * What a step takes first. `own`: time, and what we signed ourselves, without which others wait for
 * us; `agreement`: proposals, votes, certificates, blocks; `bulk`: attestations and evidence.
 */
export type InputPriority = 'own' | 'agreement' | 'bulk'

const agreementTopics: readonly TopicName[] = ['proposal', 'vote', 'certificate']

/** Where a message waits once it is admitted. */
export function getPriority({ via, topic }: InboundMessage): InputPriority {
  if (via === 'self') return 'own'
  return agreementTopics.includes(topic) ? 'agreement' : 'bulk'
}

const order: readonly InputPriority[] = ['own', 'agreement', 'bulk']

/** Inputs that wait for a step. */
export interface InputQueue<T> {
  readonly size: number
  /** Whether no more of this priority should be let in; what is let in is never dropped. */
  isFull(priority: InputPriority): boolean
  push(input: T, priority: InputPriority): void
  shift(): T | undefined
}

/** @param capacity inputs of one priority from which on it is full */
export function makeInputQueue<T>(
  capacity: Readonly<Record<InputPriority, number>>,
): InputQueue<T> {
  // Two lists each: a plain shift() moves the whole of a long array.
  const lists = { own: makeList<T>(), agreement: makeList<T>(), bulk: makeList<T>() }
  return {
    get size() {
      return order.reduce((sum, priority) => sum + lists[priority].size(), 0)
    },
    isFull: (priority) => lists[priority].size() >= capacity[priority],
    push: (input, priority) => lists[priority].push(input),
    shift() {
      for (const priority of order) {
        if (lists[priority].size() > 0) return lists[priority].shift()
      }
      return undefined
    },
  }
}

function makeList<T>(): { size(): number; push(item: T): void; shift(): T | undefined } {
  let incoming: T[] = []
  let outgoing: T[] = []
  return {
    size: () => incoming.length + outgoing.length,
    push(item) {
      incoming.push(item)
    },
    shift() {
      if (outgoing.length === 0) {
        outgoing = incoming.toReversed()
        incoming = []
      }
      return outgoing.pop()
    },
  }
}
