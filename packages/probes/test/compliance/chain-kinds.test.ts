import { describeKind } from '../../src/compliance/suite.ts'
import type { ProbeKind } from '../../src/kind.ts'
import { bitcoinKind } from '../../src/kinds/bitcoin.ts'
import { cometbftKind } from '../../src/kinds/cometbft.ts'
import { ethBeaconKind } from '../../src/kinds/eth-beacon.ts'
import { ibcKind } from '../../src/kinds/ibc.ts'
import { solanaKind } from '../../src/kinds/solana.ts'
import { substrateKind } from '../../src/kinds/substrate.ts'
import { readRecording, startRecorded } from '../recorded-server.ts'

// The healthy targets replay what real nodes said; `npm run test:chains` asks the nodes themselves.

const subjects: readonly (readonly [ProbeKind, string, Record<string, unknown>])[] = [
  [
    ethBeaconKind,
    'lodestar',
    {
      genesisValidatorsRoot: readGenesisRoot(),
      slotMs: 2000,
      slotsPerEpoch: 8,
      validators: ['0', '7', '99'],
    },
  ],
  [
    cometbftKind,
    'cometbft',
    {
      chainId: 'chain-x8qh92',
      window: 4,
      validators: ['B32395C8807D9FF65A7E7A584DEB316ED4D12622'],
    },
  ],
  [
    solanaKind,
    'solana',
    {
      genesisHash: 'GH7ome3EiwEr7tu9JuTh2dpYWBJK3z69Xm1ZE3MEE6JC',
      voteAccounts: ['3ZT31jkAGhUaw8jsy4bTknwBMP8i4Eueh52By4zXcsVw'],
    },
  ],
  [
    ibcKind,
    'simd',
    { chainId: 'ibc-0', clientId: '07-tendermint-0', channel: { id: 'channel-0' } },
  ],
  [bitcoinKind, 'btcd', { chain: 'regtest' }],
  [
    substrateKind,
    'gossamer',
    { genesisHash: '0x276bfa91f70859348285599321ea96afd3ae681f0be47d36196bac8075ea32e8' },
  ],
]

function readGenesisRoot(): string {
  const reply = readRecording('lodestar').replies['GET /eth/v1/beacon/genesis']
  if (reply === undefined || !('body' in reply)) throw new Error('no genesis is recorded')
  return (reply.body as { data: { genesis_validators_root: string } }).data.genesis_validators_root
}

for (const [kind, recorded, params] of subjects) {
  describeKind(
    {
      kind,
      transport: 'http',
      getParams: (host, port) => ({ ...params, url: `http://${host}:${port}/` }),
      getSecureParams: (host, port) => ({ ...params, url: `https://${host}:${port}/` }),
      async setup() {
        const server = await startRecorded(readRecording(recorded).replies)
        return { params: { ...params, url: server.url }, teardown: () => server.close() }
      },
    },
    { describe, it },
  )
}
