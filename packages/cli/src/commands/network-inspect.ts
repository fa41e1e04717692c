import {
  describeManipulability,
  formatProblem,
  getFaulty,
  getNetworkId,
  getQuorum,
  type Manifest,
  type ManipulabilityFinding,
  manifestToJson,
  type Problem,
  toHex,
  toText,
} from '@watchfire/attestation'
import { formatFinding, loadManifest } from '@watchfire/node'
import { readKinds } from '../kind-packages.ts'
import { makeConfigFault } from '../manifest-file.ts'
import { alignRows, cleanText, renderTable } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { formatMoment } from '../text/units.ts'

/** What founders and members should know about a manifest. */
export interface NetworkFindings {
  readonly warnings: readonly string[]
  readonly manipulability: readonly ManipulabilityFinding[]
}

/** `watchfire network inspect FILE`: the network id, who is in it, what is watched, what liars could do. */
export async function inspectNetworkCommand(
  terminal: Terminal,
  path: string,
  options: { readonly kinds?: readonly string[]; readonly json?: boolean },
): Promise<void> {
  const loaded = loadManifest(path, await readKinds(options))
  if (!loaded.ok) throw makeConfigFault(loaded.fault)
  const { manifest } = loaded
  const warnings = loaded.warnings.map(formatFinding)
  const manipulability = describeManipulability(manifest)
  const id = toHex(getNetworkId(manifest))
  if (options.json === true) {
    const json = manifestToJson(manifest)
    terminal.out(JSON.stringify({ id, warnings, manipulability, manifest: json }))
    return
  }
  for (const line of formatManifestFacts(terminal, manifest, id)) terminal.out(line)
  for (const line of formatFindings({ warnings, manipulability })) terminal.err(line)
}

export function listFindings(manifest: Manifest, warnings: readonly Problem[]): NetworkFindings {
  return {
    warnings: warnings.map(formatProblem),
    manipulability: describeManipulability(manifest),
  }
}

const effects: Readonly<Record<ManipulabilityFinding['effect'], string>> = {
  'force-down': 'can make it down',
  'force-disputed': 'can make it disputed',
  'block-down': 'can keep it from being down',
}

/** Findings for people. Targets of which the same can be said share a line. */
export function formatFindings({ warnings, manipulability }: NetworkFindings): string[] {
  const targets = new Map<string, string[]>()
  for (const { target, attackers, effect, weight } of manipulability) {
    const who = attackers === 'liars' ? 'liars alone' : 'liars who also lead'
    const key = `${who}, of weight ${weight}, ${effects[effect]}`
    targets.set(key, [...(targets.get(key) ?? []), target])
  }
  return [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...[...targets].map(([what, ids]) => `note: ${what}: ${ids.join(', ')}`),
  ]
}

function formatManifestFacts(terminal: Terminal, manifest: Manifest, id: string): string[] {
  const { committee, parameters } = manifest
  const weight = committee.members.reduce((sum, member) => sum + member.weight, 0)
  const label = (text: string) => paint(terminal, 'dim', text)
  return [
    ...alignRows([
      [label('network'), `${toText(manifest.name)} (${id})`],
      [
        label('weight'),
        `${weight}: ${getQuorum(weight)} decide, ${getFaulty(weight)} may be faulty`,
      ],
      [
        label('rounds'),
        `${parameters.roundMs} ms, round ${parameters.originRound} from ${formatMoment(parameters.originMs)}`,
      ],
    ]),
    '',
    ...renderTable(
      terminal,
      ['member', 'weight', 'region', 'network', 'operator', 'public key'].map((title) => ({
        title,
        isRight: title === 'weight',
      })),
      committee.members.map((member) => [
        toText(member.id),
        String(member.weight),
        toText(member.region),
        toText(member.network),
        toText(member.operator),
        toHex(member.publicKey),
      ]),
    ),
    '',
    ...renderTable(
      terminal,
      ['target', 'kind', 'group', 'falls after', 'rises after', 'parameters'].map((title) => ({
        title,
      })),
      parameters.targets.map((target) => [
        toText(target.id),
        toText(target.kind),
        toText(target.group),
        `${target.policy.fallRounds} rounds`,
        `${target.policy.riseRounds} rounds`,
        cleanText(new TextDecoder().decode(target.params)),
      ]),
    ),
  ]
}
