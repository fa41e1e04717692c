/** How specific a range is about a type: 2 exact, 1 `type/*`, 0 any; undefined: does not match. */
function getSpecificity(range: string, type: string): number | undefined {
  if (range === type) return 2
  if (range === `${type.split('/')[0]}/*`) return 1
  return range === '*/*' ? 0 : undefined
}

/**
 * Chooses a media type by RFC 9110 12.5.1: the highest quality wins, the more specific range tells
 * it, and the server's order decides between equals.
 *
 * @param accept the Accept header; without one, the first offer
 * @returns undefined when the reader accepts none of the offers
 */
export function negotiate<const T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0]
  const ranges = accept
    .slice(0, 1024)
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
      const quality = parameters.find((piece) => piece.startsWith('q='))?.slice(2) ?? '1'
      return {
        range,
        quality: /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(quality) ? Number(quality) : 0,
      }
    })
  let best: { offer: T; quality: number } | undefined
  for (const offer of offers) {
    let specificity = -1
    let quality = 0
    for (const each of ranges) {
      const found = getSpecificity(each.range, offer)
      if (found === undefined || found < specificity) continue
      specificity = found
      quality = each.quality
    }
    if (quality > (best?.quality ?? 0)) best = { offer, quality }
  }
  return best?.offer
}
