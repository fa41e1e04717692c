import type { ProbeKind } from './kind.ts'
import { httpKind } from './kinds/http.ts'
import { tcpKind } from './kinds/tcp.ts'

/** The kinds that every monitor knows (SPEC 13). */
export const builtinKinds: readonly ProbeKind[] = [httpKind, tcpKind]
