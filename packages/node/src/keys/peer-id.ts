import type { SigningKey } from './key-file.ts'

/** The libp2p peer id of a peer key, in its text form. Loads libp2p's key code when first asked. */
export async function getPeerId(key: SigningKey): Promise<string> {
  const [{ generateKeyPairFromSeed }, { peerIdFromPrivateKey }] = await Promise.all([
    import('@libp2p/crypto/keys'),
    import('@libp2p/peer-id'),
  ])
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.secretKey)).toString()
}
