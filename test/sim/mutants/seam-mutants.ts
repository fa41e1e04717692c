import type { EpochContext, Parameters, Verified } from '@watchfire/attestation'
import type { Effect, StepResult } from '@watchfire/consensus'
import { voteKinds } from '@watchfire/attestation'
import { SimDisk } from '../world/disk.ts'
import { type Engine, realEngine, type Seam, soundSeam } from '../world/seam.ts'
import type { SeamMutant } from './mutant.ts'

/** An engine whose effects are changed on their way out. */
function withEffects(
  change: (effects: readonly Effect[], node: number) => readonly Effect[],
): Seam {
  return {
    ...soundSeam,
    makeEngine(node): Engine {
      const pass = (result: StepResult) => ({ ...result, effects: change(result.effects, node) })
      return {
        ...realEngine,
        start: (...args) => pass(realEngine.start(...args)),
        step: (...args) => pass(realEngine.step(...args)),
      }
    },
  }
}

function withEpochs(change: (context: EpochContext, node: number) => EpochContext): Seam {
  return {
    ...soundSeam,
    getEpochs: (epochs, node) => epochs.map((context) => change(context, node)),
  }
}

function withParameters(change: (parameters: Parameters) => Parameters): Seam {
  return withEpochs((context) => ({ ...context, parameters: change(context.parameters) }))
}

/** How often the coin was tossed in this process: what no run may depend on. */
let tosses = 0

export const seamMutants: readonly SeamMutant[] = [
  {
    name: 'publishes votes that its log has not flushed',
    caughtBy: 'durability',
    scenario: 'calm',
    makeSeam: () => ({
      ...soundSeam,
      makeDisk() {
        const disk = new SimDisk()
        const { files } = disk
        const open = files.open.bind(files)
        files.open = (name) => ({ ...open(name), flush: () => undefined })
        return disk
      },
    }),
  },
  {
    name: 'votes for a block before it stored it',
    caughtBy: 'durability',
    scenario: 'calm',
    makeSeam: () =>
      withEffects((effects) => effects.filter((effect) => effect.kind !== 'store-block')),
  },
  {
    name: 'forgets what it signed when it restarts',
    caughtBy: 'double-signature',
    scenario: 'crashes',
    isAlone: true,
    firstSeed: 35,
    makeSeam: () => ({
      ...soundSeam,
      recover: (...args) => ({
        ...soundSeam.recover(...args),
        signedVotes: [],
        signedProposals: [],
      }),
    }),
  },
  {
    name: 'attests again after a restart',
    caughtBy: 'double-signature',
    // One seed in six shows it there, of `crashes` one in forty.
    scenario: 'storm',
    makeSeam: () => ({ ...soundSeam, remembersAttestations: false }),
  },
  {
    name: 'finalizes a view that it has nullified',
    caughtBy: 'exclusion',
    scenario: 'dead-leader',
    makeSeam: () =>
      withEffects((effects) =>
        effects.flatMap((effect) => {
          if (effect.kind !== 'sign-vote' || effect.vote.kind !== voteKinds.nullify) return [effect]
          const vote = { ...effect.vote, kind: voteKinds.finalize }
          return [effect, { ...effect, vote }]
        }),
      ),
  },
  {
    name: 'takes a signature less than a quorum for a certificate',
    caughtBy: 'certificate',
    scenario: 'calm',
    makeSeam: () =>
      withEffects((effects) =>
        effects.map((effect) =>
          effect.kind === 'finalize'
            ? {
                ...effect,
                certificate: {
                  ...effect.certificate,
                  signatures: effect.certificate.signatures.slice(0, -3),
                },
              }
            : effect,
        ),
      ),
  },
  {
    name: 'counts half of the weight as a quorum, while the network is split',
    caughtBy: 'agreement',
    scenario: 'partition',
    isAlone: true,
    makeSeam: () =>
      withEpochs((context) => ({ ...context, quorum: Math.floor(context.weightTotal / 2) })),
  },
  {
    name: 'skips a final height',
    caughtBy: 'gapless',
    scenario: 'calm',
    makeSeam: () =>
      withEffects((effects, node) =>
        effects.filter(
          (effect) => node !== 0 || effect.kind !== 'finalize' || effect.block.header.height !== 5,
        ),
      ),
  },
  {
    name: 'settles verdicts by another policy than the network agreed on',
    caughtBy: 'state',
    scenario: 'calm',
    makeSeam: () =>
      withParameters((parameters) => ({
        ...parameters,
        targets: parameters.targets.map((target) => ({
          ...target,
          policy: { ...target.policy, failedMin: 1, reachedMin: 1, thresholds: [] },
        })),
      })),
  },
  {
    name: 'never nullifies a view',
    caughtBy: 'liveness',
    scenario: 'dead-leader',
    makeSeam: () =>
      withEffects((effects) =>
        effects.filter(
          (effect) => effect.kind !== 'sign-vote' || effect.vote.kind !== voteKinds.nullify,
        ),
      ),
  },
  {
    name: 'asks nobody for what it lacks and repeats nothing',
    caughtBy: 'liveness',
    scenario: 'lossy',
    makeSeam: () =>
      withEffects((effects) =>
        effects.filter(
          ({ kind }) => kind !== 'repeat' && kind !== 'sync' && !kind.startsWith('fetch-'),
        ),
      ),
  },
  {
    name: 'waits three times as long for a dead leader',
    caughtBy: 'dead-leader',
    scenario: 'dead-leader',
    makeSeam: () =>
      withParameters((parameters) => ({
        ...parameters,
        viewTimeoutMs: 3 * parameters.viewTimeoutMs,
      })),
  },
  {
    name: 'accuses an honest member',
    caughtBy: 'honest-accused',
    scenario: 'calm',
    makeSeam: () =>
      withEffects((effects, node) =>
        effects.flatMap((effect): Effect[] => {
          if (node !== 0 || effect.kind !== 'sign-vote') return [effect]
          const first = { message: effect.vote, signature: new Uint8Array(64) }
          const value = { first, second: first }
          const evidence = { selector: 2, value } as const
          return [effect, { kind: 'accuse', evidence: evidence as Verified<typeof evidence> }]
        }),
      ),
  },
  {
    name: 'computes other states than everyone else',
    caughtBy: 'alarm',
    scenario: 'dead-leader',
    isAlone: true,
    makeSeam: () =>
      withEpochs((context, node) => {
        if (node !== 0) return context
        const targets = context.parameters.targets.map((target) => ({
          ...target,
          policy: { ...target.policy, failedMin: 1, reachedMin: 1, thresholds: [] },
        }))
        return { ...context, parameters: { ...context.parameters, targets } }
      }),
  },
  {
    name: 'knows one member by another key',
    caughtBy: 'honest-rejected',
    scenario: 'dead-leader',
    makeSeam: () =>
      withEpochs((context, node) => {
        if (node !== 0) return context
        const members = context.committee.members.map((member, index) =>
          index === 1 ? { ...member, publicKey: new Uint8Array(32).fill(1) } : member,
        )
        return { ...context, committee: { members } }
      }),
  },
  {
    name: 'breaks in the middle of a run',
    caughtBy: 'no-throw',
    scenario: 'calm',
    makeSeam: () => {
      let steps = 0
      return withEffects((effects) => {
        steps += 1
        if (steps === 200) throw new Error('put in by a mutant')
        return effects
      })
    },
  },
  {
    name: 'depends on what is no input',
    caughtBy: 'determinism',
    scenario: 'calm',
    makeSeam: () => {
      tosses += 1
      const toss = tosses
      return withEffects((effects) =>
        effects.filter(
          (effect) =>
            effect.kind !== 'publish-certificate' || (effect.certificate.view + toss) % 2 === 0,
        ),
      )
    },
  },
]
