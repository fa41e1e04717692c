import { resolve } from 'node:path'
import { readSecrets } from '@watchfire/node'
import { bindSecrets, type Credentials, type ProbeKind, takesSecrets } from '@watchfire/probes'
import { CommandFault, exitCodes } from './command-fault.ts'

const FORM = 'basic=FILE, bearer=FILE, url=FILE or header:NAME=FILE'

/**
 * What `--secret` binds to the one target that is asked: it is sent to the origin of its URL only.
 *
 * @returns undefined where nothing is bound
 * @throws CommandFault (2), with nothing in it of what a file holds
 */
export function readProbeSecrets(
  kind: ProbeKind,
  params: object,
  options: readonly string[],
): Credentials | undefined {
  if (options.length === 0) return undefined
  const { url } = params as { readonly url?: unknown }
  if (!takesSecrets(kind) || typeof url !== 'string') {
    throw misuse(`--secret: kind ${kind.kind} takes no secrets`)
  }
  const { origin } = new URL(url)
  const files = new Map<string, { readonly file: string }>()
  for (const option of options) {
    const match = /^(basic|bearer|url|header:[!-<>-~]+)=(.+)$/.exec(option)
    const [, what, file] = match ?? []
    // What was given instead may be the secret itself.
    if (what === undefined || file === undefined) throw misuse(`--secret: expected ${FORM}`)
    files.set(what.toLowerCase(), { file: resolve(file) })
  }
  const headers = [...files].flatMap(([what, source]) =>
    what.startsWith('header:') ? [[what.slice('header:'.length), source] as const] : [],
  )
  const secret = {
    target: '',
    origin,
    basic: files.get('basic'),
    bearer: files.get('bearer'),
    url: files.get('url'),
    headers: Object.fromEntries(headers),
  }
  const read = readSecrets([secret], {})
  if (!read.ok) throw misuse(`--secret: ${read.code}: ${read.detail}`)
  const bound = bindSecrets(params, read.value.get('') ?? [])
  if (!bound.ok) throw misuse(`--secret: expected one for ${bound.expected}, got ${bound.got}`)
  return bound.credentials
}

function misuse(line: string): CommandFault {
  return new CommandFault(exitCodes.usage, line)
}
