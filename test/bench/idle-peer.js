// libp2p nodes of the build that monitors run, with the same transports, the same gossipsub and its
// topics, and nothing of Watchfire behind them: what a monitor's process is held against. Plain
// JavaScript, since stripping types would cost memory that monitors, being built, do not spend.
//
//   node test/bench/idle-peer.js NODES [ADDRESS...]
//
// Starts NODES of them in one process, each connected to every ADDRESS, prints their addresses as one
// line of JSON, and stays until it is signalled.
import { randomBytes } from 'node:crypto'
import { makeGossip } from '../../packages/node/dist/network/gossip.js'
import { parsePeerAddress, makeTransport } from '../../packages/node/dist/network/transport.js'

const [count = '1', ...addresses] = process.argv.slice(2)

async function startPeer() {
  const gossip = makeGossip({
    networkId: new Uint8Array(32).fill(7),
    shards: 1,
    membersCount: 4,
    deliver: () => 'ignore',
    getPenalty: () => 0,
  })
  const peer = await makeTransport({
    peerKey: randomBytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    bootstrap: [],
    connectionsMax: 64,
    inboundPerHostPerSecond: 64,
    gate: {},
    pubsub: gossip.service,
  })
  await peer.start()
  gossip.join()
  for (const address of addresses) await peer.dial(parsePeerAddress(address).address)
  return peer.getMultiaddrs().map(String)
}

const started = await Promise.all(Array.from({ length: Number(count) }, startPeer))
process.stdout.write(`${JSON.stringify(started.flat())}\n`)
