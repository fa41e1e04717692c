import { Type } from 'typebox'

// Parameters of kinds that ask a CometBFT node.

export const chainIdSchema = Type.String({
  pattern: '^[!-~]{1,50}$',
  examples: ['cosmoshub-4'],
  description: 'The chain that it must be.',
})

export const cometBlockMsSchema = Type.Integer({
  default: 6000,
  minimum: 100,
  maximum: 86_400_000,
  description: 'Time between blocks, for the default policy.',
})
