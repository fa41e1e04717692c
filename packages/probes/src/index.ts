/**
 * How targets are asked: one plug-in per kind behind one interface.
 *
 * @packageDocumentation
 */
export * from './builtin-kinds.ts'
export * from './clock.ts'
export * from './kind.ts'
export { findKindFault, KIND_INTERFACE } from './kind-package.ts'
export * from './net/address-guard.ts'
export { isCertificate } from './net/authorities.ts'
export type { CertificateChain } from './net/certificate-chain.ts'
export { isReservedHeader, secretSchema } from './parts/schemas.ts'
export { bindSecrets, type Credentials, type SecretBinding } from './net/credentials.ts'
export type { DatagramRequest } from './net/datagram.ts'
export {
  HEADER_BYTES_MAX,
  type HttpExchange,
  type HttpReply,
  type HttpRequest,
  openExchange,
} from './net/http-exchange.ts'
export type { PingReply, PingRequest } from './net/ping.ts'
export {
  type Endpoint,
  type ProbeNetwork,
  readUntil,
  type SecureOptions,
} from './net/probe-network.ts'
export type { Resolution, Resolve } from './net/resolve.ts'
export {
  openWebSocket,
  type WebSocketChannel,
  type WebSocketMessage,
  type WebSocketRequest,
} from './net/web-socket.ts'
export { toObservation } from './observation.ts'
export * from './params.ts'
export * from './phase-timer.ts'
export { type KindRegistry, makeRegistry } from './registry.ts'
export * from './schedule/ask-once.ts'
export { findSecretProblem, type Secrets, takesSecrets } from './schedule/prepared-target.ts'
export type { ProbedTarget, ProbeStart } from './schedule/run-round.ts'
export * from './schedule/scheduler.ts'
export * from './steps.ts'
export * from './target.ts'
