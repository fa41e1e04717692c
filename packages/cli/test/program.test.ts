import assert from 'node:assert/strict'
import { runCli } from './run-cli.ts'

describe('the command line', () => {
  it('prints its version and its help to stdout, and exits 0', async () => {
    const version = await runCli('--version')
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/)
    assert.equal(version.exitCode, 0)
    const help = await runCli('--help')
    assert.equal(help.exitCode, 0)
    assert.equal(help.err, '')
    for (const command of [
      'init',
      'network',
      'run',
      'devnet',
      'status',
      'peers',
      'targets',
      'attestations',
      'feed',
      'certificate',
    ]) {
      assert.match(help.out, new RegExp(`^  ${command} `, 'm'))
    }
    assert.doesNotMatch(help.out, /devnet-process/)
  })

  it('exits 2 for what it does not know, and says so on stderr', async () => {
    const wrong = [
      ['frobnicate'],
      ['status', '--frobnicate'],
      ['run'],
      ['devnet', '--monitors', '0'],
      ['devnet', '--monitors', 'many'],
      ['devnet', '--round', '1d'],
      ['devnet', '--round', '10ms'],
      ['devnet', '--rounds', '0'],
      ['devnet', '--deadline', 'soon'],
      ['status', '--api', 'ftp://192.0.2.1'],
      ['certificate', 'get', '--round', '1', '--height', '1'],
      ['certificate', 'get', '--round', 'x'],
      ['feed', '--rounds', 'x'],
    ]
    for (const argv of wrong) {
      const { out, err, exitCode } = await runCli(...argv)
      assert.equal(exitCode, 2, argv.join(' '))
      assert.equal(out, '', argv.join(' '))
      assert.match(err, /\S/)
    }
  })

  it('says in one line that a node does not answer, and exits 1', async () => {
    // Port 1 of loopback: nobody listens there.
    for (const command of ['status', 'peers', 'targets', 'attestations', 'feed']) {
      const { err, exitCode } = await runCli(command, '--api', 'http://127.0.0.1:1')
      assert.equal(exitCode, 1, command)
      assert.match(err, /^http:\/\/127\.0\.0\.1:1\/v1\/\w+: no answer: [^\n]+\n$/)
    }
  })
})
