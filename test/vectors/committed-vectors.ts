import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireTypeName } from './malformed-vectors.ts'
import type { NetworkName } from './networks.ts'

/** The committed vectors as their readers find them, by file. */
export interface CommittedVectors {
  readonly aggregation: readonly {
    readonly name: string
    readonly epochs: readonly { readonly committee: string; readonly parameters: string }[]
    readonly blocks: readonly {
      readonly epoch: number
      readonly height: number
      readonly round: number
      readonly parentRound: number
      readonly evidence: readonly string[]
      readonly attestations: readonly string[]
      readonly state: string
      readonly root: string
    }[]
  }[]
  readonly arithmetic: {
    readonly quorums: readonly {
      readonly weightTotal: number
      readonly quorum: number
      readonly faulty: number
    }[]
    readonly rounds: {
      readonly parameters: Readonly<Record<string, number>>
      readonly cases: readonly {
        readonly nowMs: number
        readonly round: number
        readonly startMs: number
        readonly validUntilMs: number
      }[]
      readonly noRoundAt: readonly number[]
    }
  }
  readonly certificates: {
    readonly manifests: Readonly<Record<NetworkName, { value: unknown; networkId: string }>>
    readonly files: readonly {
      readonly name: string
      readonly manifest: NetworkName
      readonly file: string
      readonly result: string
      readonly proves?: {
        readonly epoch: number
        readonly height: number
        readonly round: number
        readonly headerDigest: string
        readonly signers: readonly string[]
        readonly verdicts: Readonly<Record<string, string>>
      }
    }[]
  }
  readonly evidence: {
    readonly manifests: Readonly<
      Record<'main' | 'other', { readonly value: unknown; readonly networkId: string }>
    >
    readonly files: readonly {
      readonly name: string
      readonly manifest: 'main' | 'other'
      readonly file: string
      readonly result: string
      readonly proves?: {
        readonly offender: string
        readonly epoch: number
        readonly kind: string
        readonly round?: number
        readonly shard?: number
        readonly view?: number
        readonly signed: readonly string[]
        readonly digest: string
      }
    }[]
  }
  readonly handovers: readonly {
    readonly name: string
    readonly type: 'Committee' | 'Parameters'
    readonly ssz: string
    readonly admitted: boolean
  }[]
  readonly malformed: readonly {
    readonly name: string
    readonly type: WireTypeName
    readonly bytes: string
    readonly valid: boolean
  }[]
  readonly manifests: {
    readonly accepted: readonly {
      readonly name: string
      readonly value: unknown
      readonly ssz: string
      readonly networkId: string
      readonly committee: { readonly ssz: string; readonly hash: string }
      readonly parameters: { readonly ssz: string; readonly hash: string }
      readonly warnings: readonly string[]
    }[]
    readonly rejected: readonly {
      readonly name: string
      readonly value: unknown
      readonly code: string
      readonly path: readonly (string | number)[]
    }[]
  }
  readonly messages: {
    readonly network: {
      readonly manifest: unknown
      readonly networkId: string
      readonly members: readonly {
        readonly id: string
        readonly secretKey: string
        readonly publicKey: string
      }[]
    }
    readonly otherNetworkId: string
    readonly blocks: {
      readonly headers: readonly { readonly ssz: string; readonly digest: string }[]
      readonly bodies: readonly { readonly ssz: string; readonly hash: string }[]
    }
    readonly messages: readonly {
      readonly name: string
      readonly type: 'SignedAttestation' | 'SignedProposal' | 'SignedVote' | 'SignedStatus'
      readonly ssz: string
      readonly member: number
      readonly claim?: string
      readonly digest: string
      readonly signature: string
      readonly valid: boolean
    }[]
    readonly evidence: readonly {
      readonly name: string
      readonly ssz: string
      readonly valid: boolean
    }[]
    readonly viewCertificates: readonly {
      readonly name: string
      readonly ssz: string
      readonly result: string
    }[]
  }
  readonly params: {
    readonly accepted: readonly {
      readonly name: string
      readonly value: Readonly<Record<string, unknown>>
      readonly bytes: string
    }[]
    readonly rejected: readonly { readonly name: string; readonly bytes: string }[]
  }
  readonly readings: {
    readonly committee: string
    readonly parameters: string
    readonly cases: readonly {
      readonly name: string
      readonly state: string
      readonly readings: unknown
    }[]
  }
  readonly signatures: {
    readonly signatures: readonly {
      readonly name: string
      readonly publicKey: string
      readonly message: string
      readonly signature: string
      readonly valid: boolean
    }[]
    readonly keys: readonly {
      readonly name: string
      readonly publicKey: string
      readonly admissible: boolean
    }[]
  }
  readonly states: {
    readonly states: readonly {
      readonly name: string
      readonly targetIds?: readonly string[]
      readonly ssz: string
      readonly root: string
      readonly proofs?: readonly {
        readonly id: string
        readonly index: number
        readonly target: string
        readonly branch: readonly string[]
      }[]
      readonly groupProofs?: readonly {
        readonly id: string
        readonly index: number
        readonly group: string
        readonly branch: readonly string[]
      }[]
    }[]
    readonly rejectedProofs: readonly {
      readonly name: string
      readonly targetIds: readonly string[]
      readonly root: string
      readonly target: string
      readonly branch: readonly string[]
    }[]
  }
}

/** The text of a committed file of vectors. */
export function readVectorText(name: string): string {
  return readFileSync(join(import.meta.dirname, `${name}.json`), 'utf8')
}

export function readVectors<Name extends keyof CommittedVectors>(
  name: Name,
): CommittedVectors[Name] {
  return JSON.parse(readVectorText(name)) as CommittedVectors[Name]
}
