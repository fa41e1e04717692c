import type { MetricParams } from './metric-signals.ts'

// What relayers say of themselves, by their own documentation and sources: Hermes, "Operators guide to
// using metrics"; the Go relayer, "Monitoring".

/** Software whose metrics are known here. */
export type RelayerSoftware = 'hermes' | 'rly' | 'other'

const basis = {
  labels: {},
  take: 'value',
  reduce: 'sum',
  scale: 0,
  aggregate: 'median',
} as const

/** @returns metrics that become signals without being asked for */
export function getKnownMetrics(
  software: RelayerSoftware,
  prefix: string,
  labels: Readonly<Record<string, string>>,
): readonly MetricParams[] {
  const own = { ...basis, labels: { ...labels } }
  switch (software) {
    case 'hermes':
      return [
        { ...own, signal: 'backlog', metric: `${prefix}backlog_size`, unit: 'packets' },
        // Seconds since the epoch, by its own clock; 0 where nothing is pending. Up to release 1.7.3: from
        // 1.7.4 on there is `backlog_latest_update_timestamp` instead, which every packet sets anew.
        {
          ...own,
          signal: 'oldest-pending',
          metric: `${prefix}backlog_oldest_timestamp`,
          take: 'age',
          reduce: 'max',
          unit: 'ms',
        },
        {
          ...own,
          signal: 'wallet',
          metric: `${prefix}wallet_balance`,
          reduce: 'min',
          unit: 'denom',
        },
        // It has no label of a chain. Workers end when their channel has been idle for a while, and come
        // with its next packet: none is no sickness.
        {
          ...basis,
          signal: 'packet-workers',
          metric: `${prefix}workers`,
          labels: { type: 'packet' },
          unit: 'workers',
        },
      ]
    case 'rly':
      return [
        {
          ...own,
          signal: 'backlog',
          metric: `${prefix}cosmos_relayer_unrelayed_packets`,
          unit: 'packets',
        },
        {
          ...own,
          signal: 'ack-backlog',
          metric: `${prefix}cosmos_relayer_unrelayed_acks`,
          unit: 'acks',
        },
        {
          ...own,
          signal: 'client-expiry',
          metric: `${prefix}cosmos_relayer_client_expiration_seconds`,
          reduce: 'min',
          unit: 's',
        },
        {
          ...own,
          signal: 'wallet',
          metric: `${prefix}cosmos_relayer_wallet_balance`,
          reduce: 'min',
          unit: 'denom',
        },
      ]
    default:
      return []
  }
}
