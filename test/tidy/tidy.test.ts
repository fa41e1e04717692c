import assert from 'node:assert/strict'
import {
  findLooseVersions,
  findUnexplainedDependencies,
  findWrongImports,
  findWrongReferences,
  isPackageSource,
} from './import-rules.ts'
import { findFloats, findImpurities } from './pure-rules.ts'
import { readRepository } from './repository.ts'
import type { Finding, SourceFile } from './source-file.ts'
import {
  findBadName,
  findBarrel,
  findLocalNames,
  findLongFile,
  findPutOffWork,
  findSkippedTests,
  LINES_MAX,
} from './text-rules.ts'

interface Rule {
  readonly name: string
  /** Which files of the repository it judges. */
  readonly applies: (path: string) => boolean
  readonly find: (file: SourceFile) => Finding[]
  /** Files that break it: each must be caught. */
  readonly violations: readonly SourceFile[]
  /** Files that come close and keep it: none may be caught. */
  readonly controls: readonly SourceFile[]
}

/** Samples at one path, one a text. */
function at(path: string, ...texts: string[]): SourceFile[] {
  return texts.map((text) => ({ path, text }))
}

/** Joins the halves of a word that this file may not hold itself. */
function glue(...parts: string[]): string {
  return parts.join('')
}

const isTypeScript = (path: string) => path.endsWith('.ts')
const isPure = (path: string) => /^packages\/(attestation|consensus)\/src\/.*\.ts$/.test(path)
const isTest = (path: string) => /^(packages\/[^/]+\/)?test\/.*\.ts$/.test(path)
const isPackageJson = (path: string) => /^(packages\/[^/]+\/)?package\.json$/.test(path)
// The lock is written by npm: its integrities are random letters.
const isWritten = (path: string) => path !== 'package-lock.json'

const core = 'packages/consensus/src/sample.ts'
const reasons: SourceFile = {
  path: 'docs/dependencies.md',
  text: '| `yaml` | reads configs |\n| `pino` | |',
}

/** What the repository's docs/dependencies.md says, once it is read. */
let repositoryReasons: SourceFile = reasons

const rules: readonly Rule[] = [
  {
    name: 'pure packages read no clock, draw no randomness, ask no locale, wait for nothing',
    applies: isPure,
    find: findImpurities,
    violations: at(
      core,
      'export const a = Date.now()',
      'export const a = new Date()',
      'const { now } = Date',
      'export const a = Math.random()',
      "export const a = Math['random']()",
      'export const a = performance.now()',
      'export async function a(): Promise<void> {}',
      'export const a = async () => 1',
      'const b = { async c() {} }',
      'await b',
      'for await (const b of c) b()',
      'export const a = Promise.resolve(1)',
      'export const a = b.sort((c, d) => c.localeCompare(d))',
      'export const a = new WeakRef(b)',
    ),
    controls: at(
      core,
      '// Date.now() is what a node does; async, await\nexport const a: number = 1',
      "export const a = 'new Date()'",
      'export const a = { Date: 1 }.Date',
      'for (const b of c) b()',
    ),
  },
  {
    name: 'agreed state holds integers only',
    applies: (path) => path.startsWith('packages/consensus/src/') && isTypeScript(path),
    find: findFloats,
    violations: at(
      core,
      'export const a = 0.5',
      'export const a = 1.0',
      'export const a = 1e-3',
      'export const a = 2e400',
      'export const a = b / 2',
      'export const a = Math.floor(1 + b / 2)',
      'let a = 1; a /= 2',
      'export const a = Math.sqrt(2)',
      'export const a = Math.round(b)',
      "export const a = parseFloat('1')",
      "export const a = Number.parseFloat('1')",
      'export const a = new Float64Array(1)',
      'export const a = b.getFloat64(0)',
      'export const a = -Infinity',
    ),
    controls: at(
      core,
      'export const a = 1_000_000',
      'export const a = 1e6',
      'export const a = Math.floor((2 * b) / 3) + 1',
      'export const a = b / 3n',
      'export const a = BigInt(b) / c',
      'export function divFloor(a: bigint, b: bigint): bigint { return a / b }',
      "export const a = '1.5' // 1/2",
      'export const a = Math.max(b, 1)',
    ),
  },
  {
    name: 'imports run the way the design lists, and no source imports a test or another src',
    applies: isPackageSource,
    find: findWrongImports,
    violations: [
      ...at(
        core,
        "import { a } from '@watchfire/node'",
        "import type { A } from '@watchfire/node'",
        "export * from '@watchfire/light-client'",
        "const a = await import('@watchfire/probes')",
        "import { a } from 'watchfire'",
        "import { readFileSync } from 'node:fs'",
        "import '../test/support.ts'",
        "import { a } from '../../attestation/src/limits.ts'",
        "import { a } from '@watchfire/attestation/src/limits.ts'",
        "import {\n  a,\n  b,\n} from '@watchfire/cli'",
      ),
      ...at('packages/attestation/src/a.ts', "import { a } from '@watchfire/consensus'"),
      ...at('packages/light-client/src/a.ts', "import { a } from 'node:crypto'"),
      ...at(
        'packages/probes/src/kinds/a.ts',
        "import { a } from '@watchfire/attestation'",
        "import { type A } from '@watchfire/attestation'",
        "import { a } from '../../../../test/support.ts'",
      ),
      ...at(
        'packages/cli/src/a.ts',
        "import { a } from '@watchfire/consensus'",
        "import { a } from '@watchfire/node/network'",
      ),
      ...at('packages/node/src/a.ts', "import { a } from '@watchfire/light-client'"),
    ],
    controls: [
      ...at(
        core,
        "import { a } from '@watchfire/attestation'",
        "import { a } from './b/c.ts'",
        "/**\n * import { a } from '@watchfire/node'\n */",
      ),
      ...at('packages/probes/src/kinds/a.ts', "import type { A } from '@watchfire/attestation'"),
      ...at('packages/node/src/a/b.ts', "import { a } from '../c.ts'\nimport fs from 'node:fs'"),
      ...at('packages/cli/src/a.ts', "import { a } from '@watchfire/node/yaml-file'"),
    ],
  },
  {
    name: 'dependencies and project references run the same way as imports',
    applies: (path) => /^packages\/[^/]+\/(package|tsconfig)\.json$/.test(path),
    find: findWrongReferences,
    violations: [
      ...at('packages/consensus/package.json', '{"dependencies":{"@watchfire/node":"0.1.0"}}'),
      ...at('packages/node/package.json', '{"devDependencies":{"watchfire":"0.1.0"}}'),
      ...at('packages/attestation/tsconfig.json', '{"references":[{"path":"../consensus"}]}'),
      ...at('packages/unheard-of/package.json', '{}'),
    ],
    controls: [
      ...at(
        'packages/consensus/package.json',
        '{"dependencies":{"@watchfire/attestation":"1.0.0"}}',
      ),
      ...at('packages/cli/tsconfig.json', '{"references":[{"path":"../node"}]}'),
      ...at('packages/cli/test/tsconfig.json', '{"references":[{"path":"../../consensus"}]}'),
    ],
  },
  {
    name: 'every dependency is pinned to one version',
    applies: isPackageJson,
    find: findLooseVersions,
    violations: at(
      'package.json',
      '{"dependencies":{"yaml":"^2.0.0"}}',
      '{"devDependencies":{"yaml":"latest"}}',
      '{"optionalDependencies":{"yaml":"2"}}',
    ),
    controls: at('package.json', '{"dependencies":{"yaml":"2.9.1"}}'),
  },
  {
    name: 'every dependency has its reason in docs/dependencies.md',
    applies: isPackageJson,
    find: (file) => findUnexplainedDependencies(file, repositoryReasons),
    violations: at(
      'package.json',
      '{"dependencies":{"no-such-dependency":"1.0.0"}}',
      '{"optionalDependencies":{"no-such-dependency":"1.0.0"}}',
    ),
    controls: at('package.json', '{"dependencies":{"yaml":"1.0.0","@watchfire/node":"0.1.0"}}'),
  },
  {
    name: 'file names are in kebab-case',
    applies: (path) => /^(packages|test|docs)\//.test(path),
    find: findBadName,
    violations: [
      ...at('packages/node/src/voteLog.ts', ''),
      ...at('test/sim/Network.ts', ''),
      ...at('packages/node/src/vote_log.ts', ''),
      ...at('packages/node/Src/log.ts', ''),
      ...at('docs/readMe.md', ''),
    ],
    controls: [
      ...at('packages/node/src/vote-log.ts', ''),
      ...at('packages/node/test/vote-log.test.ts', ''),
      ...at('docs/adr/0001-record-decisions.md', ''),
      ...at('test/vectors/README.md', ''),
    ],
  },
  {
    name: `no file of a src passes ${LINES_MAX} lines`,
    applies: isPackageSource,
    find: findLongFile,
    violations: at(core, '//\n'.repeat(LINES_MAX + 1)),
    controls: at(core, '//\n'.repeat(LINES_MAX)),
  },
  {
    name: 'no test is singled out or left out',
    applies: isTest,
    find: findSkippedTests,
    violations: at(
      'test/a.test.ts',
      "it.only('a', () => {})",
      "describe.skip('a', () => {})",
      "xit('a', () => {})",
      "it('a', function () { this.skip() })",
      "it['only']('a', () => {})",
    ),
    controls: at('test/a.test.ts', "it('it.only', () => {})", 'cursor.skip(1)'),
  },
  {
    name: 'no work is put off in words',
    applies: isWritten,
    find: findPutOffWork,
    violations: at(core, `// ${glue('TO', 'DO')}: later`, `/* ${glue('FIX', 'ME')} */`),
    controls: at(core, '// what is to do follows', "export const todos = ''"),
  },
  {
    name: 'only a package index is a barrel',
    applies: isTypeScript,
    find: findBarrel,
    violations: at(
      'packages/node/src/store/all.ts',
      "export * from './a.ts'",
      "/** All. */\nexport { a } from './a.ts'\nexport type {\n  B,\n} from './b.ts'\n",
    ),
    controls: [
      ...at('packages/node/src/index.ts', "export * from './a.ts'"),
      ...at('packages/node/src/store/a.ts', "export * from './a.ts'\nexport const b = 1"),
    ],
  },
  {
    name: 'no committed text names a path of one machine or the host of a registry',
    applies: () => true,
    find: findLocalNames,
    violations: at(
      'docs/a.md',
      `see ${glue('/wo', 'rk/main')}`,
      glue('/tm', 'p/a'),
      `"${glue('/ho', 'me/me/a')}"`,
      glue('https://registry.np', 'mjs.org/yaml'),
      glue('https://py', 'pi.org/simple'),
    ),
    controls: at(
      'docs/a.md',
      'how it works/main',
      '../tmp/a',
      'https://github.com/a/b',
      'node_modules/tmp/x',
    ),
  },
]

describe('tidy', () => {
  let files: SourceFile[]

  before(() => {
    files = readRepository()
    const found = files.find((file) => file.path === reasons.path)
    assert.ok(found, `${reasons.path} is missing`)
    repositoryReasons = found
  })

  it('reads the repository, sources and all', () => {
    const paths = files.map((file) => file.path)
    for (const path of ['package.json', 'packages/cli/src/main.ts', 'test/tidy/tidy.test.ts']) {
      assert.ok(paths.includes(path), path)
    }
    assert.ok(!paths.some((path) => path.includes('node_modules/')))
  })

  for (const rule of rules) {
    describe(rule.name, () => {
      it('catches what breaks it', () => {
        for (const sample of rule.violations) {
          assert.notDeepEqual(rule.find(sample), [], `not caught: ${sample.path}: ${sample.text}`)
        }
      })

      it('lets pass what keeps it', () => {
        for (const sample of rule.controls) assert.deepEqual(rule.find(sample), [], sample.text)
      })

      it('holds in the whole repository', () => {
        const judged = files.filter((file) => rule.applies(file.path))
        assert.ok(judged.length > 0, 'the rule judges no file')
        const findings = judged
          .flatMap((file) => rule.find(file))
          .map(({ path, line, message }) => `${path}:${line}: ${message}`)
        assert.deepEqual(findings, [])
      })
    })
  }

  it('asks a reason in words, not an empty cell', () => {
    const [sample] = at('package.json', '{"dependencies":{"pino":"1.0.0"}}')
    assert.ok(sample)
    assert.equal(findUnexplainedDependencies(sample, reasons).length, 1)
  })

  it('finds every project in the root tsconfig.json, so that the build checks all of them', () => {
    const root = files.find((file) => file.path === 'tsconfig.json')
    assert.ok(root)
    const { references } = JSON.parse(root.text) as { references: { path: string }[] }
    const projects = files
      .map((file) => file.path)
      .filter((path) => path.endsWith('/tsconfig.json') && !path.includes('/fixture/'))
      .map((path) => path.replace(/\/tsconfig\.json$/, ''))
    assert.deepEqual(references.map(({ path }) => path).toSorted(), projects.toSorted())
  })

  it('keeps registry addresses out of the lock', () => {
    const lock = files.find((file) => file.path === 'package-lock.json')
    assert.ok(lock)
    assert.deepEqual(lock.text.match(/"resolved": "(?!packages\/)[^"]*"/g), null)
  })
})
