import type { Prng } from '../sim/world/prng.ts'
import type { Sending } from './lab.ts'
import { clearSky, getLink, type Link, listBetween, listLinks, type Sky } from './sky.ts'

export const weatherNames = [
  'clear',
  'kills',
  'slow',
  'lossy',
  'one-way',
  'minority',
  'split',
  'massacre',
] as const
export type WeatherName = (typeof weatherNames)[number]

/** What goes on for a while. */
export interface Weather {
  readonly name: WeatherName
  readonly lengthMs: number
  readonly sky: Sky
  /** Nodes that die at once, and stay dead for most of it; more than f of them stop agreement. */
  readonly dying: readonly number[]
  /** How many may be away at any moment of the loop of kills; 0: it rests. */
  readonly awayMax: number
  /** Connections reset as it begins: what was under way in them is lost. */
  readonly cut: readonly Link[]
}

/** Kinds in which no quorum is together. After them comes a clear sky: going on is seen again and again. */
export const stopsAgreement: ReadonlySet<WeatherName> = new Set(['split', 'massacre'])

/**
 * Draws weather for a run: every kind once before any comes again, clear at the beginning, at the end,
 * and after what stops agreement.
 *
 * @param faulty how many nodes may fail while the others still agree
 */
export function* drawWeather(prng: Prng, count: number, faulty: number): Generator<Weather> {
  yield draw('clear', prng, count, faulty)
  for (;;) {
    for (const name of prng.shuffle(weatherNames.filter((each) => each !== 'clear'))) {
      yield draw(name, prng, count, faulty)
      if (stopsAgreement.has(name)) yield draw('clear', prng, count, faulty)
    }
  }
}

export function draw(name: WeatherName, prng: Prng, count: number, faulty: number): Weather {
  const nodes = prng.shuffle(Array.from({ length: count }, (_, index) => index))
  const weather = (
    change: Partial<Weather>,
    seconds: readonly [low: number, high: number],
  ): Weather => ({
    name,
    lengthMs: prng.between(seconds[0] * 1000, seconds[1] * 1000),
    sky: clearSky,
    dying: [],
    awayMax: faulty,
    cut: [],
    ...change,
  })
  const under = (blocked: readonly Link[]): Sky => ({
    sending: new Map(),
    blocked: new Set(blocked),
  })
  switch (name) {
    case 'clear':
      return weather({ awayMax: 0 }, [12, 16])
    case 'kills':
      return weather({}, [10, 16])
    case 'slow':
      return weather({ sky: drawSending(prng, nodes, drawSlow) }, [10, 16])
    case 'lossy': {
      const cut = prng.shuffle(listLinks(count)).slice(0, count)
      return weather({ sky: drawSending(prng, nodes, drawLossy), cut }, [10, 16])
    }
    case 'one-way':
      return weather({ sky: under(drawOneWay(prng, nodes, faulty)), awayMax: 1 }, [12, 18])
    case 'minority': {
      const away = prng.between(1, faulty)
      const links = listBetween(nodes.slice(0, away), nodes.slice(away))
      return weather({ sky: under(links), awayMax: faulty - away }, [12, 18])
    }
    case 'split': {
      const half = Math.floor(count / 2)
      const links = listBetween(nodes.slice(0, half), nodes.slice(half))
      return weather({ sky: under(links), awayMax: 1 }, [14, 18])
    }
    case 'massacre': {
      const dying = nodes.slice(0, prng.between(faulty + 1, count))
      return weather({ dying, awayMax: 0 }, [14, 18])
    }
    default:
      throw new TypeError(`no such weather: ${String(name)}`)
  }
}

function drawSending(prng: Prng, nodes: readonly number[], drawOne: (prng: Prng) => Sending): Sky {
  return { sending: new Map(nodes.map((node) => [node, drawOne(prng)])), blocked: new Set() }
}

/** Up to a way around the world. */
function drawSlow(prng: Prng): Sending {
  return { delayMs: prng.between(5, 150), jitterMs: prng.between(0, 50), lossPerMille: 0 }
}

function drawLossy(prng: Prng): Sending {
  return {
    delayMs: prng.between(0, 20),
    jitterMs: prng.between(0, 20),
    lossPerMille: prng.between(5, 40),
  }
}

/** Single links, a node that nobody hears, or one that hears nobody. */
function drawOneWay(prng: Prng, nodes: readonly number[], faulty: number): Link[] {
  const [first = 0] = nodes
  const others = nodes.slice(1)
  switch (prng.between(0, 2)) {
    case 0:
      return others.map((other) => getLink(first, other))
    case 1:
      return others.map((other) => getLink(other, first))
    default:
      return prng.shuffle(listLinks(nodes.length)).slice(0, 2 * faulty)
  }
}
