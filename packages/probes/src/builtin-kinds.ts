import type { ProbeKind } from './kind.ts'
import { bitcoinKind } from './kinds/bitcoin.ts'
import { cometbftKind } from './kinds/cometbft.ts'
import { contractKind } from './kinds/contract.ts'
import { dnsKind } from './kinds/dns.ts'
import { ethBeaconKind } from './kinds/eth-beacon.ts'
import { evmRpcKind } from './kinds/evm-rpc.ts'
import { grpcHealthKind } from './kinds/grpc-health.ts'
import { httpKind } from './kinds/http.ts'
import { ibcKind } from './kinds/ibc.ts'
import { icmpKind } from './kinds/icmp.ts'
import { libp2pKind } from './kinds/libp2p.ts'
import { priceFeedKind } from './kinds/price-feed.ts'
import { priceReferenceKind } from './kinds/price-reference.ts'
import { relayerKind } from './kinds/relayer.ts'
import { solanaKind } from './kinds/solana.ts'
import { substrateKind } from './kinds/substrate.ts'
import { tcpKind } from './kinds/tcp.ts'
import { tlsKind } from './kinds/tls.ts'
import { webSocketKind } from './kinds/web-socket.ts'

/** The kinds that every monitor knows (SPEC 13). */
export const builtinKinds: readonly ProbeKind[] = [
  httpKind,
  webSocketKind,
  tcpKind,
  tlsKind,
  dnsKind,
  grpcHealthKind,
  icmpKind,
  libp2pKind,
  evmRpcKind,
  ethBeaconKind,
  cometbftKind,
  substrateKind,
  solanaKind,
  bitcoinKind,
  priceFeedKind,
  priceReferenceKind,
  relayerKind,
  ibcKind,
  contractKind,
]
