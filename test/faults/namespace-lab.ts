import { spawnSync } from 'node:child_process'
import type { Prng } from '../sim/world/prng.ts'
import type { Lab, Place } from './lab.ts'
import { openRelay, type Relay, type Route } from './relay.ts'
import { clearSky, type Link, listLinks, type Sky, splitLink } from './sky.ts'

// Addresses of documentation (RFC 5737): they lead nowhere, and are used inside namespaces only.
//   192.0.2.0/24     one bridge; the run is .1, node i is .(10 + i)
//   198.51.100.0/24  the run's, all of it: node i as others see it, where a relay stands between them
//   203.0.113.1      the run's: targets
const HUB = '192.0.2.1'
const FACES = '198.51.100.0/24'
const TARGETS = '203.0.113.1'
const TARGETS_BLOCK = '203.0.113.0/24'
/** A neighbour that nobody is: what is routed to it is lost without a word, as on a cable cut. */
const NOBODY = '192.0.2.254'
const NOBODY_MAC = '02:00:00:00:00:fe'
const BRIDGE = 'hub'
const PEER_PORT = 7801
/** A relay listens for each dialler apart. */
const RELAY_PORT = 7900
const HTTP_PORT = 7802

const getHost = (node: number) => `192.0.2.${10 + node}`
const getFace = (node: number) => `198.51.100.${10 + node}`
const getName = (node: number) => `m${node}`

/**
 * A network in namespaces, inside those that the run itself lives in: one for each node, joined by a
 * bridge. Links are cut by routes. Delay and loss come of netem where the kernel has it; else ports of
 * the bridge are kept apart, and all goes through a relay.
 */
export async function openNamespaceLab(count: number, prng: Prng): Promise<Lab> {
  const nodes = Array.from({ length: count }, (_, index) => index)
  // Names of namespaces are files there: on a file system of our own, nobody else sees them.
  run('mount', '-t', 'tmpfs', 'tmpfs', '/run')
  ip('link set lo up')
  ip(`link add ${BRIDGE} type bridge`)
  ip(`addr add ${HUB}/24 dev ${BRIDGE}`)
  ip(`link set ${BRIDGE} up`)
  ip(`addr add ${TARGETS}/32 dev lo`)
  ip(`route add local ${FACES} dev lo`)
  const hasNetem = canDelay()
  for (const node of nodes) join(node, !hasNetem)

  const routes = listLinks(count).map((link): Route => {
    const [from, to] = splitLink(link)
    return {
      from,
      to,
      listen: { host: getFace(to), port: RELAY_PORT + from },
      target: { host: getHost(to), port: PEER_PORT },
      localAddress: getFace(from),
    }
  })
  let sky: Sky = clearSky
  const rules = {
    getSending: (from: number) => sky.sending.get(from),
    // The kernel loses what is blocked before it comes here.
    isBlocked: () => false,
  }
  const relay: Relay | undefined = hasNetem ? undefined : await openRelay(routes, rules, prng)
  /** A node as another sees it. */
  const getSeen = hasNetem ? getHost : getFace

  const block = (link: Link, isBlocked: boolean) => {
    const [from, to] = splitLink(link)
    const route = `${getSeen(to)}/32 via ${NOBODY}`
    ip(`-n ${getName(from)} route ${isBlocked ? 'replace' : 'del'} ${route}`)
  }
  return {
    about: {
      isolation: 'namespaces',
      delays: hasNetem ? 'netem' : 'relay',
      blocks: 'routes',
    },
    places: nodes.map(
      (node): Place => ({
        prefix: ['ip', 'netns', 'exec', getName(node)],
        listen: `/ip4/${getHost(node)}/tcp/${PEER_PORT}`,
        http: { host: getHost(node), port: HTTP_PORT },
      }),
    ),
    targetsHost: TARGETS,
    targetsBlock: TARGETS_BLOCK,
    getAddress: (from, to) => `/ip4/${getSeen(to)}/tcp/${hasNetem ? PEER_PORT : RELAY_PORT + from}`,
    set(next) {
      for (const link of sky.blocked) if (!next.blocked.has(link)) block(link, false)
      for (const link of next.blocked) if (!sky.blocked.has(link)) block(link, true)
      if (hasNetem) for (const node of nodes) setNetem(node, next)
      sky = next
    },
    cut(a, b) {
      relay?.cut(a, b)
    },
    async close() {
      await relay?.close()
    },
  }
}

function join(node: number, isApart: boolean): void {
  const name = getName(node)
  const port = `port${node}`
  ip(`netns add ${name}`)
  ip(`link add ${port} type veth peer name eth0 netns ${name}`)
  ip(`link set ${port} master ${BRIDGE} up`)
  if (isApart) ip(`link set ${port} type bridge_slave isolated on`)
  ip(`-n ${name} link set lo up`)
  ip(`-n ${name} link set eth0 up`)
  ip(`-n ${name} addr add ${getHost(node)}/24 dev eth0`)
  ip(`-n ${name} route add ${FACES} via ${HUB}`)
  ip(`-n ${name} route add ${TARGETS_BLOCK} via ${HUB}`)
  ip(`-n ${name} neigh add ${NOBODY} lladdr ${NOBODY_MAC} nud permanent dev eth0`)
}

/** Whether this kernel has netem, tried where nothing is lost by it. */
function canDelay(): boolean {
  const { status } = spawnSync('tc', 'qdisc add dev lo root netem delay 1ms'.split(' '))
  if (status !== 0) return false
  run('tc', 'qdisc', 'del', 'dev', 'lo', 'root')
  return true
}

/** What a node sends, to whomever; its targets and its feed are as slow. */
function setNetem(node: number, { sending }: Sky): void {
  const { delayMs = 0, jitterMs = 0, lossPerMille = 0 } = sending.get(node) ?? {}
  const half = jitterMs / 2
  const netem = `netem delay ${delayMs + half}ms ${half}ms loss ${lossPerMille / 10}%`
  ip(`netns exec ${getName(node)} tc qdisc replace dev eth0 root ${netem}`)
}

function ip(words: string): void {
  run('ip', ...words.split(' '))
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
