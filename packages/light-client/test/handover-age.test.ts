import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { makeGenesisContext, parseManifest, verifySignature } from '@watchfire/attestation'
import { fetchLatest, follow, readCertificateFile, type Fetch } from '@watchfire/light-client'
import { makeManualClock } from './support/fake-server.ts'

interface Vectors {
  readonly manifests: Readonly<Record<string, { readonly value: unknown }>>
  readonly files: readonly {
    readonly name: string
    readonly manifest: string
    readonly file: string
  }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/certificates.json', import.meta.url), 'utf8'),
) as Vectors
const dayMs = 86_400_000

/** A file of the vectors, with the context of its manifest. */
function getFile(name: string) {
  const found = vectors.files.find((file) => file.name === name)
  assert.ok(found, name)
  const parsed = parseManifest(vectors.manifests[found.manifest]?.value)
  assert.ok(parsed.ok)
  return {
    bytes: Uint8Array.from(Buffer.from(found.file, 'hex')),
    genesis: makeGenesisContext(parsed.manifest),
  }
}

describe('hand-overs from what was trusted long ago', () => {
  const { bytes, genesis } = getFile('hand-over: from epoch 0 to 1')
  const fetch: Fetch = async () => new Response(bytes)
  const { originMs } = genesis.parameters

  it('are followed while the manifest is young enough, to the millisecond', async () => {
    const young = makeManualClock(originMs + 180 * dayMs)
    assert.ok((await fetchLatest('http://one', genesis, { fetch, clock: young })).ok)
    const old = makeManualClock(originMs + 180 * dayMs + 1)
    const refused = await fetchLatest('http://one', genesis, { fetch, clock: old })
    assert.ok(!refused.ok)
    assert.equal(refused.code, 'old-handover')
    assert.match(refused.detail, /180 days ago: pin a newer checkpoint/)
  })

  it('are bounded by what the reader says', async () => {
    const clock = makeManualClock(originMs + 2 * dayMs)
    const options = { fetch, clock, handoverAgeMsMax: dayMs }
    const refused = await fetchLatest('http://one', genesis, options)
    assert.ok(!refused.ok)
    assert.equal(refused.code, 'old-handover')
  })

  it('need not be followed by who holds a checkpoint of the later epoch', async () => {
    const read = readCertificateFile(bytes, genesis, verifySignature)
    assert.ok(read.ok)
    const clock = makeManualClock(originMs + 1000 * dayMs)
    const latest = await fetchLatest('http://one', genesis, {
      fetch,
      clock,
      checkpoint: read.value,
    })
    assert.ok(latest.ok)
  })

  it('make following go on with another server', async () => {
    const clock = makeManualClock(originMs + 1000 * dayMs)
    const event = `event: certificate\ndata: ${JSON.stringify({ file: Buffer.from(bytes).toString('base64') })}\n\n`
    const stream: Fetch = async () =>
      new Response(event, { headers: { 'content-type': 'text/event-stream' } })
    for await (const seen of follow('http://one', genesis, { fetch: stream, clock })) {
      assert.ok(seen.type === 'fault')
      assert.equal(seen.code, 'old-handover')
      break
    }
  })
})
