import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../docs/repository-root.ts'
import { readRepository } from './repository.ts'
import { getImports, type SourceFile } from './source-file.ts'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly hasInstallScript?: boolean
}

/** May have an install script: docs/dependencies.md says why it does no harm. */
const knownScripts: readonly string[] = ['nx']
/** Scripts that npm runs by itself when a package is installed. */
const installScripts: readonly string[] = ['preinstall', 'install', 'postinstall', 'prepare']

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'))
}

/** What starts programs, or runs text as code. */
const launchers: readonly string[] = [
  'child_process',
  'cluster',
  'inspector',
  'repl',
  'vm',
  'worker_threads',
].flatMap((name) => [name, `node:${name}`])

/** What runs the system's ping (docs/adr/0016), and nothing else. */
const allowed = new Map([['packages/probes/src/net/ping.ts', 'node:child_process']])

function findLaunchers(file: SourceFile): string[] {
  return getImports(file)
    .filter(({ specifier }) => launchers.includes(specifier))
    .filter(({ specifier }) => allowed.get(file.path) !== specifier)
    .map(({ specifier }) => `${file.path}: ${specifier}`)
}

describe('what a node may do', () => {
  it('is not to start programs, nor to run text as code: no source of its packages imports how', () => {
    const sources = readRepository().filter(({ path }) =>
      /^packages\/(attestation|consensus|probes|light-client|node)\/src\/.*\.ts$/.test(path),
    )
    assert.ok(sources.length > 100)
    assert.deepEqual(sources.flatMap(findLaunchers), [])
    const sample = { path: 'a.ts', text: "import { spawn } from 'node:child_process'" }
    assert.equal(findLaunchers(sample).length, 1)
    const [path] = allowed.keys()
    const text = sources.find((file) => file.path === path)?.text ?? assert.fail()
    assert.deepEqual(text.match(/(?<!\.)\b(spawn|exec|execFile|fork)(Sync)?\(.*$/gm), [
      'spawn(program, args, {',
    ])
    assert.doesNotMatch(text, /shell/)
  })
})

describe('the supply chain', () => {
  const { packages } = readJson('package-lock.json') as {
    packages: Record<string, LockedPackage>
  }
  const own = Object.keys(packages).filter((path) => !path.includes('node_modules/'))
  const foreign = Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  )
  const getName = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 13)

  it('locks every package by a hash of its bytes', () => {
    assert.ok(foreign.length > 100)
    const loose = foreign.filter(
      ([, { integrity, inBundle }]) =>
        inBundle !== true && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
    )
    assert.deepEqual(
      loose.map(([path]) => path),
      [],
    )
  })

  it('lets no package run a script at install but the one that is known', () => {
    const scripted = foreign.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    assert.deepEqual([...new Set(scripted.map(([path]) => getName(path)))], knownScripts)
    for (const path of own) {
      const { scripts = {} } = readJson(join(path, 'package.json')) as {
        scripts?: Record<string, string>
      }
      assert.deepEqual(
        installScripts.filter((name) => name in scripts),
        [],
        path,
      )
    }
  })

  it('gives the one known script nothing to fetch', () => {
    const { neverConnectToCloud } = readJson('nx.json') as { neverConnectToCloud?: boolean }
    assert.equal(neverConnectToCloud, true)
  })

  it('takes every package from a registry', () => {
    for (const [path, { version, resolved }] of foreign) {
      assert.match(version ?? '', /^\d+\.\d+\.\d+/, path)
      assert.doesNotMatch(resolved ?? '', /^(git|file|https?:)/, path)
    }
  })
})
