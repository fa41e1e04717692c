const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Bytes that are not UTF-8 come out as replacement characters. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
