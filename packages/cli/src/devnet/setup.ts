import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Failure, fromHex, toHex } from '@watchfire/attestation'
import { CommandFault, exitCodes, getMessage } from '../command-fault.ts'
import { CHAIN_ID } from './chain.ts'
import {
  type DevnetFile,
  getLayout,
  type Layout,
  makeDirectories,
  readDevnetFile,
  writeDevnetFile,
} from './layout.ts'
import { pickPorts } from './ports.ts'
import { FEED_ADDRESS } from './price-feed-contract.ts'
import { GRACE_MS } from './warden.ts'

export const MONITORS_DEFAULT = 4
export const ROUND_MS_DEFAULT = 2000

export interface DevnetChoices {
  readonly monitors?: number
  readonly round?: number
  readonly dataDir?: string
}

/** A devnet's directory, ready for its processes. */
export interface DevnetSetup {
  readonly layout: Layout
  readonly file: DevnetFile
  /** Whether its network was there before. */
  readonly isContinued: boolean
}

/**
 * Makes a devnet's directory, or takes up the one that is there.
 *
 * @param makeLease - makes the path of the warden's socket of this run
 * @throws CommandFault: 2 where the flags contradict the network that is there, 78 where its files
 *   are not a devnet's, 1 where it is running already
 */
export async function setUp(choices: DevnetChoices, makeLease: () => string): Promise<DevnetSetup> {
  const layout = getLayout(makeDataDir(choices.dataDir))
  const previous = readDevnetFile(layout)
  if (previous !== undefined) {
    await refuseRunning(layout, previous)
    refuseContradiction(layout, previous, choices)
    const file = { ...previous, lease: makeLease() }
    writeDevnetFile(layout, file)
    return { layout, file, isContinued: true }
  }
  if (readdirSync(layout.dir).length > 0) {
    throw new CommandFault(
      exitCodes.usage,
      `${layout.dir} is not empty, and holds no devnet: choose another --data-dir`,
    )
  }
  return { layout, file: await create(layout, choices, makeLease()), isContinued: false }
}

function makeDataDir(given: string | undefined): string {
  if (given === undefined) return realpathSync(mkdtempSync(join(tmpdir(), 'watchfire-devnet-')))
  const dir = resolve(given)
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    return realpathSync(dir)
  } catch (error) {
    throw new CommandFault(exitCodes.failure, `${dir} cannot be made: ${getMessage(error)}`)
  }
}

async function create(layout: Layout, choices: DevnetChoices, lease: string): Promise<DevnetFile> {
  const count = choices.monitors ?? MONITORS_DEFAULT
  const width = String(count).length
  const ids = Array.from({ length: count }, (_, at) => `m${String(at + 1).padStart(width, '0')}`)
  makeDirectories(layout, ids)
  const [{ makeTlsFiles }, node, ports] = await Promise.all([
    import('./tls-authority.ts'),
    import('@watchfire/node'),
    pickPorts(4 + 2 * count),
  ])
  await makeTlsFiles(layout, Date.now())
  const [chain = 0, http = 0, tls = 0, tcp = 0, ...others] = ports
  const monitors = await Promise.all(
    ids.map(async (id, at) => {
      const { data } = layout.node(id)
      mkdirSync(data, { mode: 0o700 })
      const key = unwrap(node.createMonitorKey(data))
      const peerKey = unwrap(node.readOrCreatePeerKey(data))
      return {
        id,
        publicKey: toHex(key.publicKey) as string,
        peerId: await node.getPeerId(peerKey),
        p2pPort: others[2 * at] ?? 0,
        httpPort: others[2 * at + 1] ?? 0,
      }
    }),
  )
  const file: DevnetFile = {
    format: 1,
    roundMs: choices.round ?? ROUND_MS_DEFAULT,
    monitors,
    ports: { chain, http, tls, tcp },
    chainId: CHAIN_ID,
    feedAddress: FEED_ADDRESS,
    lease,
  }
  writeDevnetFile(layout, file)
  return file
}

/**
 * Writes what the nodes read, once the targets serve: a new network's rounds count from now on, so
 * that no monitor ever sees a target that is merely not up yet.
 */
export async function writeNodeFiles({ layout, file }: DevnetSetup): Promise<void> {
  const { makeDevnetManifest, writeManifest, writeNodeConfig } = await import('./devnet-network.ts')
  if (!existsSync(layout.manifest)) {
    const members = file.monitors.map(({ id, publicKey }) => ({
      id,
      publicKey: fromHex(publicKey),
    }))
    writeManifest(layout.manifest, await makeDevnetManifest(file, members, Date.now()))
  }
  for (const monitor of file.monitors) writeNodeConfig(layout, file, monitor)
}

function refuseContradiction(layout: Layout, file: DevnetFile, choices: DevnetChoices): void {
  const { monitors, round } = choices
  if (monitors !== undefined && monitors !== file.monitors.length) {
    throw new CommandFault(
      exitCodes.usage,
      `--monitors ${monitors}: the network in ${layout.dir} has ${file.monitors.length}`,
    )
  }
  if (round !== undefined && round !== file.roundMs) {
    throw new CommandFault(
      exitCodes.usage,
      `--round: the network in ${layout.dir} has rounds of ${file.roundMs} ms`,
    )
  }
}

async function refuseRunning(layout: Layout, file: DevnetFile): Promise<void> {
  const isRunning = await new Promise<boolean>((done) => {
    const socket = connect(file.lease)
    socket.once('error', () => done(false))
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
  })
  if (isRunning) {
    throw new CommandFault(exitCodes.failure, `a devnet is running on ${layout.dir} already`)
  }
  // One that was killed a moment ago: its warden removes the socket once all its processes are gone.
  const deadlineMs = performance.now() + 2 * GRACE_MS
  while (existsSync(file.lease) && performance.now() < deadlineMs) await delay(50)
}

function unwrap<T>(result: { ok: true; value: T } | Failure<string>): T {
  if (result.ok) return result.value
  throw new CommandFault(exitCodes.failure, result.detail)
}
