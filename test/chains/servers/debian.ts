import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { getCached, runCommand } from './cache.ts'

/** A program of Debian's, and the environment that it runs in. */
export interface DebianProgram {
  readonly command: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * A program as it is installed; else out of Debian's packages, which are unpacked into the cache and
 * not installed: nothing is started by them, and nothing of this system changes.
 *
 * @param path - of the program, without the leading slash
 * @param packages - with those of its libraries that not every system has
 */
export function getDebian(path: string, packages: readonly string[]): DebianProgram {
  const installed = `/${path}`
  if (existsSync(installed)) return { command: installed, env: {} }
  const dir = getCached(`debian-${packages.join('-')}`, (fresh) => {
    runCommand('apt-get', ['download', '--quiet', ...packages], { cwd: fresh })
    const archives = readdirSync(fresh).filter((name) => name.endsWith('.deb'))
    for (const archive of archives) runCommand('dpkg', ['-x', archive, '.'], { cwd: fresh })
  })
  const libraries = join(dir, 'usr', 'lib', 'x86_64-linux-gnu')
  return { command: join(dir, path), env: { LD_LIBRARY_PATH: libraries } }
}
