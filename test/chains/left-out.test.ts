import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { builtinKinds } from '@watchfire/probes'

/** What no real server here was asked, and why. */
const leftOut: readonly (readonly [what: string, why: string])[] = [
  [
    'solana',
    'no node: agave-validator 4 wants a later Rust than is here; 3.1.12 is a tree of 1,008 crates, RocksDB and protobuf in C++ with them, of which 376 were compiled in half an hour of what two busy cores left. surfpool-core is as large a tree, and a simulator without validators; LiteSVM serves no JSON-RPC. packages/probes/test answers with the examples of solana.com/docs/rpc/http',
  ],
  [
    'bitcoin: Bitcoin Core',
    'no package of it; btcd stands in, which tells no verification and no initial-download, and whose header-lag is always 0. packages/probes/test has the example of Core’s documentation',
  ],
  [
    'substrate: polkadot-sdk',
    'a large tree of Rust sources, which was not built here; Gossamer stands in, which was never seen in major-sync, and loses blocks that are not final when it is started again',
  ],
  [
    'eth-beacon: not-live, attestations-missed',
    'Lodestar 1.5.1, the one version whose packages are all there (of later ones the validator and the database are not), offers neither liveness nor rewards; that a validator stopped is seen by its balance and its blocks. No other beacon node was found in a registry. packages/probes/test answers as the Beacon API says',
  ],
  ['eth-beacon: optimistic, execution-offline', 'the chain has no execution client'],
  [
    'evm-rpc: syncing',
    'chains here are too short for geth to say so before it is done. packages/probes/test answers as the execution API says',
  ],
  [
    'relayer: oldest-pending of Hermes, and releases of it after 1.10.5',
    'Hermes tells since when packets are pending only up to release 1.7.3; the one that is asked is 1.10.5, since the tree of 1.13.2 is more than twice as large, with RocksDB in C++ that wants libclang. Its documented metrics stand in (packages/probes/test/fixtures); ibc reads that off the chains',
  ],
  [
    'ibc: frozen client, closed channel, an index of transactions that is switched off',
    'nobody misbehaved here, and channels of transfers do not close. packages/probes/test answers as ibc-go’s definitions say',
  ],
  [
    'libp2p, icmp, tcp',
    'packages/probes/test has real peers of js-libp2p and real sockets; none of another make is asked here',
  ],
  [
    'http, dns, tls, websocket, grpc-health: agreed verdict',
    'asked alone; agreement does not look at kinds, and is shown with nodes of chains',
  ],
  [
    'cometbft: evidence, a verdict',
    'seen alone: what four monitors agree on is the same signal, of a window that is soon past',
  ],
]

describe('what is watched of chains', () => {
  it('is asked of a real server, or named as left out', () => {
    const files = new Set(readdirSync(import.meta.dirname))
    const named = new Set(leftOut.map(([what]) => what))
    const kinds = [
      'evm-rpc',
      'eth-beacon',
      'cometbft',
      'substrate',
      'solana',
      'bitcoin',
      'relayer',
      'ibc',
      'http',
      'dns',
      'tls',
      'grpc-health',
    ]
    for (const kind of kinds) {
      assert.ok(
        builtinKinds.some((each) => each.kind === kind),
        kind,
      )
      assert.ok(files.has(`${kind}.test.ts`) !== named.has(kind), kind)
    }
  })
})

// Last of all, whatever the order of files.
after(() => {
  process.stderr.write('\nleft out:\n')
  for (const [what, why] of leftOut) process.stderr.write(`  ${what}: ${why}\n`)
})
