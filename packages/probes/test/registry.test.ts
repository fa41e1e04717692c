import assert from 'node:assert/strict'
import { outcomes } from '@watchfire/attestation'
import { builtinKinds } from '../src/builtin-kinds.ts'
import { makeRegistry } from '../src/registry.ts'
import { makeFakeKind, never } from './fake-kind.ts'

const IDENTIFIER = /^[a-z0-9][a-z0-9._-]{0,31}$/

describe('kind registry', () => {
  it('knows the kinds of this version', () => {
    const names =
      'http websocket tcp tls dns grpc-health icmp libp2p evm-rpc eth-beacon cometbft substrate solana ' +
      'bitcoin price-feed price-reference relayer ibc contract'
    assert.deepEqual([...makeRegistry(builtinKinds).keys()].join(' '), names)
  })

  it('refuses two kinds of one name, and a name that no manifest could have', () => {
    const kind = makeFakeKind(never)
    assert.throws(() => makeRegistry([kind, kind]), TypeError)
    for (const name of ['', 'Fake', 'a b', 'x'.repeat(33)]) {
      assert.throws(() => makeRegistry([{ ...kind, kind: name }]), TypeError)
    }
  })

  it('holds no kind whose names do not fit the wire', () => {
    for (const { kind, identities, outcomes: declared } of builtinKinds) {
      for (const { name } of identities) assert.match(name, IDENTIFIER, kind)
      for (const outcome of declared) assert.ok(outcome in outcomes, outcome)
      assert.ok(declared.includes('timeout'), kind)
      assert.equal(new Set(declared).size, declared.length, kind)
    }
  })
})
