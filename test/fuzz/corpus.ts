import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, toHex } from '@watchfire/attestation'

/** One input that is kept: the shortest seen of its code, or one that once broke something. */
export interface KeptInput {
  readonly code: string
  /** Why it is kept, where it is more than the shortest of its code. */
  readonly why?: string
  readonly hex: string
}

/** Bytes of an input that is worth keeping; longer ones are left to their seeds. */
const KEPT_BYTES_MAX = 8192

function getPath(target: string): string {
  return join(import.meta.dirname, 'corpus', `${target}.json`)
}

export function readCorpus(target: string): readonly KeptInput[] {
  const path = getPath(target)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KeptInput[]) : []
}

export function toInputs(kept: readonly KeptInput[]): Uint8Array[] {
  return kept.map(({ hex }) => fromHex(hex))
}

/** The kept inputs, with the shortest of each code among them and the newly seen. */
export class Keeper {
  readonly #shortest = new Map<string, Uint8Array>()

  take(input: Uint8Array, code: string): void {
    const held = this.#shortest.get(code)
    if (input.length > KEPT_BYTES_MAX || (held !== undefined && held.length <= input.length)) return
    this.#shortest.set(code, Uint8Array.from(input))
  }

  /** Writes what is kept, inputs with a reason first. */
  write(target: string): void {
    const named = readCorpus(target).filter(({ why }) => why !== undefined)
    for (const { code, why, hex } of readCorpus(target)) {
      if (why === undefined) this.take(fromHex(hex), code)
    }
    const shortest = [...this.#shortest]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, input]): KeptInput => ({ code, hex: toHex(input) }))
    writeFileSync(getPath(target), `${JSON.stringify([...named, ...shortest], null, 2)}\n`)
  }
}
