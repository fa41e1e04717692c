import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where servers are built and kept for the next run: `WATCHFIRE_CHAINS_CACHE`, else a directory of
 * the system's temporary one.
 */
export const cacheDir =
  process.env['WATCHFIRE_CHAINS_CACHE'] ?? join(tmpdir(), 'watchfire-chains-cache')

/** How long one command may take to fetch and build a server, on a busy machine of two cores. */
const BUILD_MS_MAX = 3_600_000

/**
 * A directory of the cache, filled by `make` the first time. What was not finished is not there.
 *
 * @param name - with the version, since what is there is never made again
 */
export function getCached(name: string, make: (dir: string) => void): string {
  const dir = join(cacheDir, name)
  if (existsSync(dir)) return dir
  const beside = `${dir}.${process.pid}.part`
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(beside, { recursive: true })
  make(beside)
  renameSync(beside, dir)
  return dir
}

/** Runs a command to its end. @throws with what it said, unless it exits with 0 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: BUILD_MS_MAX,
    maxBuffer: 67_108_864,
    ...options,
  })
  if (status === 0) return stdout
  const why = error === undefined ? `exit code ${status}` : String(error)
  throw new Error(`${command} ${args.join(' ')}: ${why}\n${stderr}`)
}

/** Installs packages of the npm registry there. @param content - of the `package.json` that asks for them */
export function installNpm(dir: string, content: object, env: NodeJS.ProcessEnv): void {
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, ...content }))
  runCommand('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: dir, env })
}

/** The path of a program of a Go module, fetched from the module proxy and built. */
export function buildGo(module: string, version: string, program: string): string {
  const dir = getCached(`${program}-${version}`, (bin) => {
    runCommand('go', ['install', `${module}@${version}`], { env: { ...process.env, GOBIN: bin } })
  })
  return join(dir, program)
}

/** The same of a package whose module builds only as one that others need. */
export function buildGoNeeded(goPackage: string, version: string, program: string): string {
  const dir = getCached(`${program}-${version}`, (home) => {
    runCommand('go', ['mod', 'init', 'watchfire.example/needs'], { cwd: home })
    runCommand('go', ['get', `${goPackage}@${version}`], { cwd: home })
    runCommand('go', ['build', '-o', program, goPackage], { cwd: home })
  })
  return join(dir, program)
}

/**
 * The same of a module that replaces some of what it needs, which `go install` refuses: it is copied
 * and built where it lies.
 *
 * @param main - where its program lies
 * @returns the copy, which holds whatever the module comes with, and the program in it
 */
export function buildGoCopy(
  module: string,
  version: string,
  program: string,
  main = `./cmd/${program}`,
  env: NodeJS.ProcessEnv = {},
): string {
  return getCached(`${program}-${version}`, (dir) => {
    const about = runCommand('go', ['mod', 'download', '-json', `${module}@${version}`])
    cpSync((JSON.parse(about) as { Dir: string }).Dir, dir, { recursive: true })
    // What Go downloads is read-only.
    runCommand('chmod', ['-R', 'u+w', dir])
    runCommand('go', ['build', '-o', program, main], { cwd: dir, env: { ...process.env, ...env } })
  })
}

/** The path of a program of a crate, fetched from the registry of crates and built, not optimized. */
export function buildCargo(crate: string, version: string, program: string): string {
  const dir = getCached(`${program}-${version}`, (root) => {
    const target = join(root, 'target')
    const where = ['--root', root, '--target-dir', target]
    const env = { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0', CARGO_INCREMENTAL: '0' }
    const install = ['install', crate, '--version', version, '--locked', '--debug']
    runCommand('cargo', [...install, ...where], { env })
    rmSync(target, { recursive: true, force: true })
  })
  return join(dir, 'bin', program)
}
