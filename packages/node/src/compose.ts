import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import {
  makeGenesisContext,
  type MonitorId,
  type Round,
  toHex,
  type View,
} from '@watchfire/attestation'
import { builtinKinds, makeScheduler, type ProbeKind } from '@watchfire/probes'
import { makeAttestor } from './attestor/attestor.ts'
import { startRoundClock } from './attestor/round-clock.ts'
import { type Cleanup, makeCleanup } from './cleanup.ts'
import { formatFinding } from './config/config-fault.ts'
import type { NodeConfig } from './config/node-config.ts'
import { makeFeed } from './feed.ts'
import { makeCanaries } from './health/canaries.ts'
import { getClockNoticeMs, makeNodeStatus, watchStatus } from './health/node-status.ts'
import { makeSelfHealth } from './health/self-health.ts'
import { startStatusSender } from './health/status-sender.ts'
import { startTimeServers } from './health/time-servers.ts'
import { lockFile } from './keys/lock.ts'
import { doubtfulLogId } from './keys/log-sidecar.ts'
import { getDataPaths, readOrCreatePeerKey } from './keys/node-keys.ts'
import { type Identity, openIdentity } from './keys/open-identity.ts'
import { getHeardMs } from './loop/agreement-status.ts'
import { makeAttestationBuffer } from './loop/attestation-buffer.ts'
import { makeFastVerify } from './loop/fast-verify.ts'
import { makeMemberBook } from './loop/member-book.ts'
import { makeNetworkSource } from './loop/network-source.ts'
import { makeNodeLoop } from './loop/node-loop.ts'
import { startQuarantine } from './loop/quarantine.ts'
import { makeSignedKeeper } from './loop/signed-keeper.ts'
import { makeMetrics } from './metrics/metrics.ts'
import { makeProbeRecorder } from './metrics/probe-recorder.ts'
import type { Clock, Log } from './ports.ts'
import type { NodeEnd, RunningNode, StartedNode } from './running-node.ts'
import { check, StartError, toStartFault } from './start-error.ts'
import {
  bindTargets,
  checkIdentity,
  openDataDir,
  readCa,
  readKinds,
  readManifest,
  warnOfUnbound,
} from './start-files.ts'
import { openChainStore } from './store/chain-store.ts'
import { startPruning } from './store/pruning.ts'
import { listUntold, recover } from './store/recover.ts'
import { systemClock } from './system-clock.ts'

const version = String(
  (createRequire(import.meta.url)('../package.json') as { version: unknown }).version,
)

/** What a node is given besides its configuration. */
export interface StartOptions {
  /** Aborting it stops the node, as `stop` does. */
  readonly signal: AbortSignal
  readonly log: Log
  /** This machine's, unless a test has its own. */
  readonly clock?: Clock
  /** Kinds of targets, the built-in ones unless given. */
  readonly kinds?: readonly ProbeKind[]
}

/**
 * Starts a node: the one place where its parts are made and joined. Everything started is stopped in
 * reverse, whether the start fails half-way, the signal aborts, or a fault ends the node.
 */
export async function startNode(config: NodeConfig, options: StartOptions): Promise<StartedNode> {
  const cleanup = makeCleanup(options.log)
  try {
    return { ok: true, node: await compose(config, options, cleanup) }
  } catch (error) {
    await cleanup.run()
    return toStartFault(error, config)
  }
}

async function compose(
  config: NodeConfig,
  { signal, log, clock = systemClock, kinds = builtinKinds }: StartOptions,
  cleanup: Cleanup,
): Promise<RunningNode> {
  const startedAtMs = clock.nowMs()
  const startedMs = clock.monotonicMs()
  // The heavy parts load while the disk is read.
  const networkModule = import('./network/network.ts')
  const httpModule = import('./http/http-server.ts')
  const stopping = new AbortController()
  const ending = Promise.withResolvers<NodeEnd>()

  // --- The end
  let hasEnded = false
  async function end(reason: NodeEnd): Promise<void> {
    if (hasEnded) return
    hasEnded = true
    stopping.abort()
    await cleanup.run()
    ending.resolve(reason)
  }
  const stop = async (): Promise<NodeEnd> => {
    void end({ ok: true })
    return ending.promise
  }

  // --- What the operator gave
  const registry = await readKinds(config, kinds)
  const { manifest, warnings } = readManifest(config, registry)
  for (const warning of warnings) log.warn({}, formatFinding(warning))
  const context = makeGenesisContext(manifest)
  const { parameters, epoch } = context
  const ca = config.probe.ca.map((path) => readCa(path))
  const secrets = bindTargets(config, context, registry)

  // --- What is ours alone
  openDataDir(config, context)
  const paths = getDataPaths(config.dataDir)
  const lock = check(
    lockFile(paths.lock, `the data directory ${config.dataDir}`, 'data-dir-in-use'),
  )
  cleanup.add('the lock', () => lock.release())
  const peerKey = check(readOrCreatePeerKey(config.dataDir))
  let identity: Identity | undefined
  if (config.monitor !== undefined) {
    const opened = checkIdentity(
      await openIdentity(config.dataDir, config.monitor as MonitorId, context),
      config,
    )
    cleanup.add('the vote log', () => opened.close())
    if (opened.tornBytes > 0)
      log.warn({ bytes: opened.tornBytes }, 'the vote log ended in an append that never returned')
    identity = opened
  }
  const me = identity?.member
  // An alarm may ask for a quarantine as soon as the loop has begun, before the attestor is there.
  let attestor: ReturnType<typeof makeAttestor> | undefined
  let endQuarantine: (() => void) | undefined

  // --- What is known
  mkdirSync(paths.database, { recursive: true, mode: 0o700 })
  const store = openChainStore(join(paths.database, 'chain.db'), config.store)
  cleanup.add('the store', () => store.close())
  const metrics = makeMetrics()
  cleanup.add('the metrics', () => metrics.close())
  const buffer = makeAttestationBuffer(store)
  const members = makeMemberBook(context, me, () => clock.monotonicMs())
  const recovery = recover(store, identity?.voteLog, epoch, identity?.doubt !== undefined)
  if (identity !== undefined) {
    const finalRound = recovery.final?.header.round ?? (0 as Round)
    for (const { signed, digest, bytes } of listUntold(store, identity.voteLog, epoch, finalRound))
      buffer.add(signed, digest, bytes, clock.nowMs())
  }

  // --- The loop
  const keeper =
    identity === undefined
      ? undefined
      : makeSignedKeeper({
          log: identity.voteLog,
          sidecar: identity.sidecar,
          signer: identity.signer,
          clock,
          meter: metrics,
        })
  const loop = makeNodeLoop({
    context,
    me,
    recovery,
    store,
    keeper,
    buffer,
    members,
    fast: makeFastVerify(),
    clock,
    meter: metrics,
    log,
    signal: stopping.signal,
    defer: (run) => setImmediate(run),
    onFinal(record) {
      feed.publish(record)
      pruning.noteFinal()
    },
    onEvidence: () => feed.noteEvidence(),
    onAlarm(code) {
      metrics.add('alarms', code)
      if (code === 'unknown-own-signature')
        quarantine('the network holds something signed by this key that its log does not', true)
    },
    onFault: ({ code, detail }) => void end({ ok: false, code, detail }),
  })
  cleanup.add('the loop', () => loop.stop())
  const pruning = startPruning(store, clock, epoch, (work) => loop.guard(work))
  cleanup.add('the pruning', () => pruning.stop())

  // --- The network
  let hasBegun = false
  const source = makeNetworkSource({
    store,
    buffer,
    me,
    voteLog: identity?.voteLog,
    getCore: () => (hasBegun ? loop.status() : undefined),
  })
  const network = await (await networkModule).openNetwork({
    networkId: context.networkId,
    shards: parameters.shards,
    memberIds: context.memberIds,
    peerKey: peerKey.secretKey,
    ...config.p2p,
    source,
    clock,
    counters: metrics,
    log,
  })
  cleanup.add('the network', () => network.close())
  const hearingFromMs = clock.monotonicMs()

  // --- What readers see
  const { canaries: addresses, canaryFailedPercentMax: failedPercentMax } = config.health
  const budgetMs = Math.floor((parameters.attestByMs * 3) / 4)
  const canaries = makeCanaries({ addresses, failedPercentMax, budgetMs })
  cleanup.add('the canaries', () => canaries.stop())
  // An observer has them asked too: its operator wants to know.
  const askCanaries = (round: Round): void => void canaries.ask(round)
  cleanup.add('the rounds of canaries', startRoundClock(parameters, clock, askCanaries))
  const timeServers = startTimeServers(config.health.timeServers, clock, log)
  cleanup.add('the time servers', () => timeServers.stop())
  const checkHealth = makeSelfHealth({
    othersTotal: context.memberIds.length - (me === undefined ? 0 : 1),
    countHeard: () => members.listHeard(getHeardMs(context)).filter((each) => each !== me).length,
    countPeers: () => network.peers().length,
    getClockOffsetMs: () => members.getOwnOffsetMs(),
    clockMsMax: Math.max(parameters.roundMs, 2 * getClockNoticeMs(context)),
    getCanaries: () => canaries.report(),
    getUptimeMs: () => clock.monotonicMs() - startedMs,
    graceMs: 2 * parameters.roundMs + 5000,
  })
  const monitor = identity?.monitor
  const getStatus = makeNodeStatus({
    context,
    networkName: manifest.name,
    version,
    monitor,
    startedAtMs,
    clock,
    network,
    members,
    getCore: () => loop.status(),
    checkHealth,
    getCanaries: () => canaries.report(),
    getTimeServerOffset: () => timeServers.getOffset(),
    getHearingMs: () => clock.monotonicMs() - hearingFromMs,
  })
  const feed = makeFeed({
    manifest,
    context,
    me,
    store,
    buffer,
    members,
    network,
    clock,
    counters: metrics,
    log,
    getStatus,
  })

  network.onMessage(loop.handle)
  loop.begin(network, network.signatureBudget)
  if (hasEnded) {
    const reason = await ending.promise
    if (!reason.ok) throw new StartError({ ...reason, findings: [] })
  }
  hasBegun = true
  loop.puller.askHighest(epoch)
  const http = check(
    await (await httpModule).startHttpServer({ source: feed, metrics, clock, log, ...config.http }),
  )
  cleanup.add('the feed', () => http.close())
  cleanup.add(
    'the status watch',
    watchStatus(getStatus, clock, log, () => canaries.report()?.failed ?? []),
  )

  // --- What we say
  if (identity !== undefined) {
    warnOfUnbound(context, registry, secrets, log)
    const scheduler = makeScheduler({
      targets: parameters.targets,
      attestByMs: parameters.attestByMs,
      registry,
      allow: config.probe.allow,
      ca,
      secrets,
      concurrency: config.probe.concurrency,
      random: Math.random,
      clock,
    })
    cleanup.add('the probes', () => scheduler.close())
    attestor = makeAttestor({
      context,
      member: identity.member,
      log,
      meter: metrics,
      clock,
      scheduler,
      voteLog: identity.voteLog,
      askControls: (round) => canaries.ask(round),
      checkHealth,
      sign: (drafts) => loop.sign(drafts),
      resend: (messages) => loop.resend(messages),
      repeat: (messages) => network.sendDirect(messages),
      getFinalRound: () => loop.status().finalRound,
      onProbed: makeProbeRecorder(context, metrics),
    })
    if (endQuarantine !== undefined) attestor.hold()
    const { doubt } = identity
    if (doubt !== undefined) quarantine(`the vote log of this key is in doubt (${doubt})`, false)
    attestor.begin(stopping.signal)
    const begun = attestor
    cleanup.add('the attestor', () => begun.stop())
    cleanup.add(
      'the status records',
      startStatusSender({
        context,
        signer: identity.signer,
        clock,
        log,
        network,
        version,
        bootMs: startedAtMs,
        getProgress() {
          const { finalHeight: height, finalRound: round, view } = loop.status()
          return { height, round, view }
        },
        getClockOffsetMs: () => members.getOwnOffsetMs(),
        receive: loop.handle,
      }),
    )
  }

  /** SPEC 6.9. In doubt the key's sidecar says so, until it is safe to sign. */
  function quarantine(why: string, isNew: boolean): void {
    if (identity === undefined || endQuarantine !== undefined) return
    const { voteLog, sidecar, member } = identity
    if (isNew) sidecar.flush({ logId: doubtfulLogId, count: voteLog.count })
    attestor?.hold()
    const cancel = startQuarantine(
      {
        context,
        me: member,
        members,
        voteLog,
        clock,
        log,
        getCore: () => loop.status(),
        askHighest: () => loop.puller.askHighest(epoch),
        guard: (work) => loop.guard(work),
        onSafe(fromView: View, fromRound: Round) {
          sidecar.flush({ logId: voteLog.logId, count: voteLog.count })
          endQuarantine = undefined
          loop.unmute(fromView)
          attestor?.release(fromRound)
        },
      },
      why,
    )
    endQuarantine = cancel
    stopping.signal.addEventListener('abort', cancel)
  }

  if (signal.aborted) void stop()
  else signal.addEventListener('abort', () => void stop(), { once: true })
  log.info(
    { monitor, network: toHex(context.networkId), peer: network.peerId, api: http.url },
    `started in ${Math.round(clock.monotonicMs() - startedMs)} ms`,
  )
  return {
    monitor,
    peerId: network.peerId,
    addresses: network.addresses,
    api: http.url,
    feed,
    warnings,
    finished: ending.promise,
    stop,
  }
}
