/** Numbers from 0 to below 1, the same for the same seed (minstd, Park and Miller 1988). */
export function makeRandom(seed: number): () => number {
  let state = 1 + (seed % 2_147_483_646)
  const random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  // Small seeds begin alike.
  for (let index = 0; index < 5; index++) random()
  return random
}
