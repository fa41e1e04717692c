import { readFileSync } from 'node:fs'
import { Command } from 'commander'

/**
 * Builds the command tree. Parsing is left to the caller, so that a test can run a command without
 * a process of its own.
 */
export function createProgram(): Command {
  return new Command('watchfire')
    .description('Monitors that agree, every round, on the health of real targets, and sign it.')
    .version(readVersion())
}

/** The version in this package's own package.json, which lies beside both `src` and `dist`. */
function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const manifest = JSON.parse(text) as { readonly version: string }
  return manifest.version
}
