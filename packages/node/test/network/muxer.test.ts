import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import type { MultiaddrConnection } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { makeMuxer } from '../../src/network/muxer.ts'

// The library announces a new stream in a microtask of its own: what that throws, nobody can catch. It
// ended a node of `npm run faults` whose peer went away. Mocha fails a test in which it happens.

describe('the muxer', () => {
  /** A stream made on a connection that is closed by then, and what has become of it a turn later. */
  async function openStream(close: (connection: MultiaddrConnection) => void) {
    const [connection] = multiaddrConnectionPair()
    const muxer = makeMuxer()().createStreamMuxer(connection)
    const opening = muxer.createStream()
    close(connection)
    const stream = await opening
    await turn()
    return stream
  }

  it('ends a stream whose connection is being closed before the stream was announced', async () => {
    const stream = await openStream((connection) => void connection.close())
    assert.notEqual(stream.status, 'open')
  })

  it('ends a stream whose connection was reset before the stream was announced', async () => {
    const stream = await openStream((connection) => connection.abort(new Error('reset')))
    assert.notEqual(stream.status, 'open')
  })

  it('ends a stream of a connection that was reset before the muxer was made of it', async () => {
    const [connection] = multiaddrConnectionPair()
    connection.abort(new Error('reset'))
    const stream = await makeMuxer()().createStreamMuxer(connection).createStream()
    await turn()
    assert.notEqual(stream.status, 'open')
  })

  it('opens streams otherwise', async () => {
    const stream = await openStream(() => undefined)
    assert.equal(stream.status, 'open')
  })
})
