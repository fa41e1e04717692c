import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'

/** Prints every module that loading the command loads, one a line. */
const script = `
  import { registerHooks } from 'node:module'
  const urls = new Set()
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      urls.add(resolved.url)
      return resolved
    },
  })
  await import(${JSON.stringify(import.meta.resolve('../../src/commands/certificate-verify.ts'))})
  console.log([...urls].join('\\n'))
`

describe('certificate verify', () => {
  it('loads no part of a node beyond the reader of YAML', () => {
    const argv = ['--conditions=watchfire-source', '--input-type=module', '--eval', script]
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const urls = stdout.trim().split('\n')
    assert.ok(urls.some((url) => url.endsWith('/attestation/src/certificate-file.ts')))
    const ofNode = urls.flatMap((url) => /packages\/node\/src\/(.*)/.exec(url)?.[1] ?? [])
    assert.deepEqual(ofNode.toSorted(), ['config/config-fault.ts', 'config/yaml-file.ts'])
    const heavy = /node_modules\/(@libp2p|libp2p|undici|fastify|typebox|pino|@prometheus-io)\//
    assert.deepEqual(
      urls.filter((url) => heavy.test(url)),
      [],
    )
  })
})
