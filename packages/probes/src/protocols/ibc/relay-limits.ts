import { Type } from 'typebox'

/** What the default policies of `relayer` and `ibc` go by. */
export const relayLimits = {
  backlogMax: Type.Integer({
    default: 100,
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Packets that may be pending, for the default policy.',
  }),
  pendingMsMax: Type.Integer({
    default: 900_000,
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'How long one may be pending, for the default policy.',
  }),
  expirySecondsMin: Type.Integer({
    default: 86_400,
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Time that must be left until a client expires, for the default policy.',
  }),
}
