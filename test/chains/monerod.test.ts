import assert from 'node:assert/strict'
import { ask } from './ask.ts'
import { stopServers } from './servers/lifetime.ts'
import { type Monerod, startMonerod } from './servers/monerod.ts'

/** What an operator would have judged of a chain that has no kind of its own. */
const body = JSON.stringify({ jsonrpc: '2.0', id: '0', method: 'get_info' })
const healthy = ['"status": "OK"', '"synchronized": true', '"nettype": "fakechain"']

describe('kind http, with a Monero node, which no kind is made for', () => {
  let monerod: Monerod

  const outcomeOf = async (over: object = {}) => {
    // Of a short body more and longer patterns may be wanted.
    const basis = { url: monerod.url, method: 'POST', body, bodyBytesMax: 8192 }
    const params = { ...basis, bodyMatches: healthy, ...over }
    const result = await ask('http', params)
    return result.status === 'failed' ? result.outcome : result.status
  }

  before(async () => {
    monerod = await startMonerod()
  })
  after(stopServers)

  it('reaches one that says it is synchronized, on the chain that it should be', async () => {
    assert.equal(await outcomeOf(), 'reached')
  })

  it('says content of one on another chain', async () => {
    assert.equal(await outcomeOf({ bodyMatches: ['"nettype": "mainnet"'] }), 'content')
  })

  it('sees its chain stand still, and grow', async () => {
    const hasGrown = { bodyMatches: [...healthy, '"height": [3-9],'] }
    assert.equal(await outcomeOf(hasGrown), 'content')
    await monerod.mine(3)
    assert.equal(await outcomeOf(hasGrown), 'reached')
  })

  it('says content of what it does not know, and status of where it does not answer', async () => {
    const unknown = JSON.stringify({ jsonrpc: '2.0', id: '0', method: 'get_nothing' })
    assert.equal(await outcomeOf({ body: unknown }), 'content')
    assert.equal(await outcomeOf({ url: new URL('/nowhere', monerod.url).href }), 'status')
  })

  it('says timeout of one that is frozen, and refused of one that is gone', async () => {
    monerod.process.freeze()
    assert.equal(await outcomeOf(), 'timeout')
    monerod.process.thaw()
    assert.equal(await outcomeOf(), 'reached')
    await monerod.process.stop()
    assert.equal(await outcomeOf(), 'refused')
  })
})
