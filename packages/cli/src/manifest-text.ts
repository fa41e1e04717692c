import { type Manifest, manifestToJson } from '@watchfire/attestation'
import { stringify } from 'yaml'

/** A manifest as YAML, every field explicit (SPEC 4). */
export function formatManifest(manifest: Manifest): string {
  return stringify(manifestToJson(manifest), { lineWidth: 110 })
}
