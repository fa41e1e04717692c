import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFault, exitCodes, getErrorCode } from '../command-fault.ts'

/** Names of the processes of a devnet that stand for targets; the file under `logs/` is named after them. */
export const targetProcesses = ['chain', 'price-feed', 'http', 'tls', 'tcp'] as const
export type TargetProcess = (typeof targetProcesses)[number]

/** What a devnet keeps about itself in `devnet.json`, so that it comes back on the same ports. */
export interface DevnetFile {
  readonly format: 1
  readonly roundMs: number
  readonly monitors: readonly MonitorFile[]
  readonly ports: Readonly<Record<'chain' | 'http' | 'tls' | 'tcp', number>>
  /** Chain id, and where the first contract of the deploying account lies. */
  readonly chainId: number
  readonly feedAddress: string
  /** Socket of the running devnet's warden; a stale one answers nobody. */
  readonly lease: string
}

export interface MonitorFile {
  readonly id: string
  /** 64 hex digits. */
  readonly publicKey: string
  /** libp2p's name for its peer key. */
  readonly peerId: string
  readonly p2pPort: number
  readonly httpPort: number
}

/** Where everything of a devnet lies, from its data directory. */
export interface Layout {
  readonly dir: string
  readonly file: string
  readonly manifest: string
  readonly caCertificate: string
  readonly tlsCertificate: string
  readonly tlsKey: string
  readonly chainState: string
  readonly certificates: string
  readonly logs: string
  node(id: string): { readonly dir: string; readonly config: string; readonly data: string }
}

export function getLayout(dir: string): Layout {
  return {
    dir,
    file: join(dir, 'devnet.json'),
    manifest: join(dir, 'network.yaml'),
    caCertificate: join(dir, 'tls', 'ca.pem'),
    tlsCertificate: join(dir, 'tls', 'server.pem'),
    tlsKey: join(dir, 'tls', 'server.key'),
    chainState: join(dir, 'chain', 'state.json'),
    certificates: join(dir, 'certificates'),
    logs: join(dir, 'logs'),
    node: (id) => {
      const nodeDir = join(dir, 'nodes', id)
      return { dir: nodeDir, config: join(nodeDir, 'config.yaml'), data: join(nodeDir, 'data') }
    },
  }
}

/** Makes the directories of a devnet, private to their owner. */
export function makeDirectories(layout: Layout, monitors: readonly string[]): void {
  const { dir, certificates, logs } = layout
  const all = [dir, certificates, logs, join(dir, 'tls'), join(dir, 'chain')]
  for (const each of [...all, ...monitors.map((id) => layout.node(id).dir)]) {
    mkdirSync(each, { recursive: true, mode: 0o700 })
  }
}

/**
 * What an earlier devnet left in this directory.
 *
 * @returns undefined where there was none
 * @throws CommandFault (78) when the file is not one that a devnet wrote
 */
export function readDevnetFile(layout: Layout): DevnetFile | undefined {
  let text: string
  try {
    text = readFileSync(layout.file, 'utf8')
  } catch (error) {
    if (getErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  const bad = (expected: string) =>
    new CommandFault(exitCodes.badConfig, `${layout.file}:1: expected ${expected}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw bad('JSON that a devnet wrote')
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) {
    throw bad('format 1, as this version writes')
  }
  return value as DevnetFile
}

export function writeDevnetFile(layout: Layout, file: DevnetFile): void {
  writeFileAtomically(layout.file, `${JSON.stringify(file, undefined, 2)}\n`)
}

/** Writes beside, then renames: whoever is killed meanwhile leaves the old file or the new one. */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  const beside = `${path}.${process.pid}.part`
  writeFileSync(beside, content, { mode: 0o600 })
  renameSync(beside, path)
}

/** The committed launcher, which runs built code or sources alike. */
export const launcher = fileURLToPath(new URL('../../bin/watchfire.js', import.meta.url))

/** The command line that starts a target's process on a devnet's data. */
export function getTargetArgv(layout: Layout, lease: string, target: TargetProcess): string[] {
  const options = ['--data-dir', layout.dir, '--lease', lease]
  return [process.execPath, launcher, 'devnet-process', target, ...options]
}

/** The command line that starts a node on its data. */
export function getNodeArgv(layout: Layout, lease: string, id: string): string[] {
  return [process.execPath, launcher, 'run', '--config', layout.node(id).config, '--lease', lease]
}
