import assert from 'node:assert/strict'
import { execFile, type ExecFileException } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProgram } from 'watchfire'
import { getBlocks, getSection } from './markdown.ts'
import { repositoryRoot } from './repository-root.ts'

const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8')
const bin = join(repositoryRoot, 'packages/cli/bin/watchfire.js')

/** One line of a shell block: the words after `npx watchfire`, without what the comment says. */
function getCommands(section: string): string[][] {
  return getBlocks(section)
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('npx watchfire '))
    .map((line) =>
      line
        .replace(/ +#.*$/, '')
        .split(' ')
        .slice(2),
    )
}

interface Ran {
  readonly out: string
  readonly err: string
  readonly exitCode: number
}

function run(cwd: string, words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...words],
      { cwd, encoding: 'utf8' },
      (error: ExecFileException | null, out, err) => {
        const exitCode = error === null ? 0 : Number(error.code ?? -1)
        resolve({ out, err, exitCode })
      },
    )
  })
}

type Command = ReturnType<typeof createProgram>

/** The command that a line begins with, and how many words name it. */
function findCommand(words: readonly string[]): { command: Command; depth: number } {
  let command = createProgram()
  let depth = 0
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) break
    command = next
    depth += 1
  }
  return { command, depth }
}

const listFlags = (command: Command) =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? [])

describe('README.md', function () {
  this.timeout(180_000)
  let dir: string
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-docs-'))
  })
  after(() => rmSync(dir, { recursive: true }))

  it('names commands that there are, with flags that they take', () => {
    const commands = getCommands(readme)
    assert.ok(commands.length >= 9)
    for (const words of commands) {
      const { command, depth } = findCommand(words)
      assert.ok(depth > 0 && command.commands.length === 0, words.join(' '))
      assert.match(command.helpInformation(), /^Usage: /)
      const flags = words.filter((word) => word.startsWith('--'))
      for (const flag of flags) assert.ok(listFlags(command).includes(flag), words.join(' '))
    }
  })

  it('names every command there is, and says truly that each takes --json', () => {
    const listLeaves = (command: Command, path: string[]): string[][] => {
      const visible = command.createHelp().visibleCommands(command)
      const own = visible.filter((each) => each.name() !== 'help')
      if (own.length === 0) {
        assert.ok(listFlags(command).includes('--json'), path.join(' '))
        return [path]
      }
      return own.flatMap((each) => listLeaves(each, [...path, each.name()]))
    }
    const named = getCommands(readme).map((words) => words.join(' '))
    for (const path of listLeaves(createProgram(), [])) {
      const name = path.join(' ')
      // npm start is its name there.
      if (name === 'devnet') continue
      assert.ok(
        named.some((line) => line === name || line.startsWith(`${name} `)),
        name,
      )
    }
  })

  it('lists the flags of npm start, and no others', () => {
    const listed = [...readme.matchAll(/^\| `(--[a-z-]+)[^`]*` \|/gm)].map(([, flag]) => flag)
    const { command } = findCommand(['devnet'])
    const flags = listFlags(command).filter((flag) => flag !== '--help')
    assert.deepEqual(new Set(listed), new Set(flags))
  })

  it('tells how to run a network, and so it goes', async () => {
    const section = getSection(readme, '## Run a network of your own')
    const [draft] = getBlocks(section, 'yaml')
    assert.ok(draft !== undefined)
    writeFileSync(join(dir, 'draft.yaml'), draft)
    const [init, create, inspect, start, ...others] = getCommands(section)
    assert.ok(init && create && inspect && start && others.length === 0)

    const made = await run(dir, init)
    assert.equal(made.exitCode, 0, made.err)
    const key = made.out.trim()
    const created = await run(
      dir,
      create.map((word) => word.replace('m1=…', `m1=${key}`)),
    )
    assert.equal(created.exitCode, 0, created.err)
    const inspected = await run(dir, inspect)
    assert.equal(inspected.exitCode, 0, inspected.err)
    assert.match(inspected.out + inspected.err, /site/)

    // Any free port: the one in the file may be taken here.
    const config = join(dir, 'm1', 'config.yaml')
    const text = readFileSync(config, 'utf8')
    writeFileSync(config, text.replace('tcp/7801', 'tcp/0').replace('port: 7802', 'port: 0'))
    const node = execFile(process.execPath, [bin, ...start], { cwd: dir })
    let said = ''
    const api = await new Promise<string>((resolve, reject) => {
      node.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)))
      node.stderr?.on('data', (piece: string) => {
        said += piece
        const [, url] = /feed at (\S+),/.exec(said) ?? []
        if (url !== undefined) resolve(url)
      })
    })
    const looked = await run(dir, ['status', '--api', api])
    assert.match(looked.out, /m1/)
    node.kill('SIGTERM')
    const [code] = await once(node, 'exit')
    assert.equal(code, 143)
  })

  it('tells how to verify a certificate offline, and so it goes', async () => {
    const [verify] = getCommands(readme).filter((words) => words[1] === 'verify')
    assert.ok(verify)
    const vectors = JSON.parse(
      readFileSync(join(repositoryRoot, 'test/vectors/certificates.json'), 'utf8'),
    ) as {
      manifests: Record<string, { value: unknown }>
      files: { manifest: string; file: string; result: string }[]
    }
    const valid = vectors.files.find(({ result }) => result === 'valid')
    assert.ok(valid)
    const manifest = JSON.stringify(vectors.manifests[valid.manifest]?.value)
    writeFileSync(join(dir, 'vector.json'), manifest)
    const bytes = Buffer.from(valid.file, 'hex')
    writeFileSync(join(dir, 'good.wfcert'), bytes)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    writeFileSync(join(dir, 'bad.wfcert'), bytes)
    const check = (name: string) =>
      run(dir, verify.map((word) => (word === 'FILE' ? name : word)).with(-1, 'vector.json'))
    const good = await check('good.wfcert')
    assert.equal(good.exitCode, 0, good.err)
    assert.equal((await check('bad.wfcert')).exitCode, 1)
  })
})
