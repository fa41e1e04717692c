import { lockFile, lockKey } from '../../src/keys/lock.ts'

// A process of its own that takes a lock, says how that went, and holds it until it is ended.
const [kind = '', path = '', publicKey = ''] = process.argv.slice(2)
const result =
  kind === 'key'
    ? await lockKey(path, Buffer.from(publicKey, 'hex'))
    : lockFile(path, 'the data directory', 'data-dir-in-use')
globalThis.gc?.()
process.stdout.write(`${result.ok ? 'held' : `${result.code} ${result.detail}`}\n`)
// What nobody refers to is collected: the lock must outlive that.
if (result.ok) setInterval(() => globalThis.gc?.(), 50)
