import type { Vice } from './vice.ts'

/** Says nothing to anyone: to the others, dead. */
export const silent: Vice = {
  name: 'silent',
  answers: false,
  corrupt: () => [],
}
