/** One JSON-RPC call over HTTP. @throws what the server says is wrong */
export async function callRpc(
  url: string,
  method: string,
  params: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } | null }
  if (answer.error !== undefined && answer.error !== null) {
    throw new Error(`${method}: ${answer.error.message}`)
  }
  return answer.result
}
