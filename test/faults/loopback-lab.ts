import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Prng } from '../sim/world/prng.ts'
import type { Lab, Place } from './lab.ts'
import { openRelay, type Route } from './relay.ts'
import { clearSky, getLink, listLinks, type Sky, splitLink } from './sky.ts'

const HOST = '127.0.0.1'

/** A network on loopback, for machines without namespaces: every link goes through the relay. */
export async function openLoopbackLab(count: number, prng: Prng): Promise<Lab> {
  const links = listLinks(count)
  const ports = await pickPorts(2 * count + links.length)
  const take = () => {
    const port = ports.pop()
    if (port === undefined) throw new Error('fewer ports were picked than are needed')
    return port
  }
  const peerPorts = Array.from({ length: count }, take)
  const places = peerPorts.map(
    (port): Place => ({
      prefix: [],
      listen: `/ip4/${HOST}/tcp/${port}`,
      http: { host: HOST, port: take() },
    }),
  )
  const routes = new Map(
    links.map((link) => {
      const [from, to] = splitLink(link)
      const target = { host: HOST, port: peerPorts[to] ?? 0 }
      return [link, { from, to, listen: { host: HOST, port: take() }, target } satisfies Route]
    }),
  )
  let sky: Sky = clearSky
  const relay = await openRelay(
    [...routes.values()],
    {
      getSending: (from) => sky.sending.get(from),
      isBlocked: (from, to) => sky.blocked.has(getLink(from, to)),
    },
    prng,
  )
  return {
    about: { isolation: 'loopback', delays: 'relay', blocks: 'relay' },
    places,
    targetsHost: HOST,
    targetsBlock: '127.0.0.0/8',
    getAddress: (from, to) => `/ip4/${HOST}/tcp/${routes.get(getLink(from, to))?.listen.port ?? 0}`,
    set(next) {
      sky = next
      relay.wake()
    },
    cut: (a, b) => relay.cut(a, b),
    close: () => relay.close(),
  }
}

/** Ports that were free a moment ago, held open together so that no two are one. */
async function pickPorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, HOST)
      await once(server, 'listening')
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address()
      server.close()
      await once(server, 'close')
      return address !== null && typeof address === 'object' ? address.port : 0
    }),
  )
}
