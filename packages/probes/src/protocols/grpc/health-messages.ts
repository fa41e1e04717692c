import { encodeMessage, getNumber, readMessage } from './protobuf.ts'

// The two messages of grpc.health.v1.
//   message HealthCheckRequest { string service = 1; }
//   message HealthCheckResponse { ServingStatus status = 1; }

/** Of `HealthCheckResponse`. */
export const servingStatuses = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const

/** @param service - ASCII */
export function encodeHealthRequest(service: string): Uint8Array {
  return encodeMessage(service === '' ? [] : [[1, service]])
}

/** @returns the status of a response; undefined of what is no protobuf message */
export function readHealthResponse(bytes: Uint8Array): number | undefined {
  const fields = readMessage(bytes)
  return fields === undefined ? undefined : Number(getNumber(fields, 1))
}
