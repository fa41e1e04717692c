import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * attestation and consensus are pure because the compiler says so: `"types": []` and no DOM library
 * make every door to the outside a type error. Here two small projects take their options from a
 * pure package's own tsconfig.json, so that whoever loosens it there fails here.
 */
const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../..')
const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
)

interface Compiled {
  readonly status: number | null
  readonly output: string
}

function compile(project: string): Compiled {
  const run = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status: run.status, output: run.stdout + run.stderr }
}

function readCompilerOptions(packageName: string): Record<string, unknown> {
  const text = readFileSync(join(root, 'packages', packageName, 'tsconfig.json'), 'utf8')
  const config = JSON.parse(text) as { compilerOptions: Record<string, unknown> }
  return config.compilerOptions
}

describe('purity', function () {
  this.timeout(60_000)

  it('lets a pure package compile what only computes', () => {
    const { status, output } = compile(join(here, 'fixture/control'))
    assert.equal(output, '')
    assert.equal(status, 0)
  })

  it('refuses, one error each, every way out of a pure package', () => {
    const source = readFileSync(join(here, 'fixture/forbidden/impure.ts'), 'utf8')
    const expected = source
      .split('\n')
      .flatMap((line, index) => (/\/\/ forbidden: (\S+)$/.test(line) ? [index + 1] : []))
    assert.ok(expected.length >= 6)

    const { status, output } = compile(join(here, 'fixture/forbidden'))
    const reported = [...output.matchAll(/impure\.ts\((\d+),\d+\): error TS\d+/g)].map((match) =>
      Number(match[1]),
    )
    assert.notEqual(status, 0)
    assert.deepEqual(
      reported.toSorted((a, b) => a - b),
      expected,
      output,
    )
  })

  it('holds for consensus as for attestation: both name the same libraries and no types', () => {
    for (const name of ['attestation', 'consensus']) {
      const { lib, types } = readCompilerOptions(name)
      assert.deepEqual({ lib, types }, { lib: ['ES2024'], types: [] }, name)
    }
  })

  it('gives the light client a browser and no Node', () => {
    assert.deepEqual(readCompilerOptions('light-client')['types'], [])
  })
})
