import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { type Failure, toHex } from '@watchfire/attestation'
import { createMonitorKey, getPeerId, readOrCreatePeerKey } from '@watchfire/node'
import { stringify } from 'yaml'
import { CommandFault, exitCodes, getErrorCode, getMessage } from '../command-fault.ts'
import type { Terminal } from '../text/terminal.ts'

export interface InitOptions {
  readonly dataDir: string
  readonly monitor?: string
  readonly manifest?: string
  readonly json?: boolean
}

/**
 * `watchfire init`: a data directory (0700) with keys (0600), and a configuration beside them. What
 * is there already is never written over.
 */
export async function initCommand(terminal: Terminal, options: InitOptions): Promise<void> {
  const dir = resolve(options.dataDir)
  const config = join(dir, 'config.yaml')
  if (existsSync(config)) {
    throw new CommandFault(exitCodes.failure, `${config} exists already; it is not written over`)
  }
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CommandFault(exitCodes.failure, `${dir} cannot be made: ${getMessage(error)}`)
  }
  const monitorKey = unwrap(createMonitorKey(dir))
  const peerKey = unwrap(readOrCreatePeerKey(dir))
  const publicKey = toHex(monitorKey.publicKey)
  const peerId = await getPeerId(peerKey)
  writeConfig(config, makeConfig(dir, options))

  if (options.json === true) {
    terminal.out(JSON.stringify({ dataDir: dir, config, publicKey, peerId }))
    return
  }
  terminal.err(`made ${dir}: keys and config.yaml`)
  terminal.err("give this key to whoever makes the network's manifest (publicKey):")
  terminal.out(publicKey)
  terminal.err(`peers reach this node at /ip4/<address>/tcp/7801/p2p/${peerId}`)
  terminal.err(
    `next: put the manifest where ${config} says, then: watchfire run --config ${config}`,
  )
}

function makeConfig(dir: string, options: InitOptions): string {
  const manifest = options.manifest ?? 'network.yaml'
  const fields = {
    manifest: options.manifest === undefined ? manifest : relative(dir, resolve(manifest)),
    dataDir: '.',
    ...(options.monitor === undefined ? {} : { monitor: options.monitor }),
    p2p: { listen: ['/ip4/0.0.0.0/tcp/7801'], bootstrap: [] },
    http: { host: '127.0.0.1', port: 7802 },
    probe: { allow: [], ca: [] },
    log: { level: 'info' },
  }
  const isObserver = options.monitor === undefined
  return [
    '# Paths are relative to this file.',
    ...(isObserver
      ? ['# `monitor: <member id>` makes this node a member; without it, it observes.']
      : []),
    '# `p2p.bootstrap` lists other nodes: /ip4/<address>/tcp/<port>/p2p/<peer id>',
    '# `probe.allow` lists blocks of private addresses that probes may ask, such as 10.0.0.0/8.',
    stringify(fields),
  ].join('\n')
}

function writeConfig(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const isThere = getErrorCode(error) === 'EEXIST'
    const why = isThere ? 'exists already; it is not written over' : getMessage(error)
    throw new CommandFault(exitCodes.failure, `${path}: ${why}`)
  }
}

function unwrap<T>(result: { ok: true; value: T } | Failure<string>): T {
  if (result.ok) return result.value
  throw new CommandFault(exitCodes.failure, result.detail)
}
