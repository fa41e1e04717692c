/** A type that only its maker can produce; the mark exists at compile time alone. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name }

/** Span with one committee and one set of parameters, from 0 (SPEC 6.1). */
export type Epoch = Brand<number, 'Epoch'>
/** Wall-clock unit of agreement (SPEC 5). */
export type Round = Brand<number, 'Round'>
/** One leader's attempt, from 1 in each epoch (SPEC 6.2). */
export type View = Brand<number, 'View'>
/** Blocks above genesis. */
export type Height = Brand<number, 'Height'>
/** A member's position in the committee of an epoch, ordered by id (SPEC 4.3). */
export type MemberIndex = Brand<number, 'MemberIndex'>
/** A target's position in the parameters of an epoch, ordered by id (SPEC 4.3). */
export type TargetIndex = Brand<number, 'TargetIndex'>
/** Milliseconds since 1970-01-01 UTC. */
export type UnixMs = Brand<number, 'UnixMs'>
/** 32 bytes of sha256 that bind kind, version, network and epoch (SPEC 2.2), or a tagged hash (SPEC 2.1). */
export type Digest = Brand<Uint8Array, 'Digest'>
/** A digest, or other bytes, in lower-case hex: a key for maps. */
export type Hex = Brand<string, 'Hex'>
/** A member's identifier in the manifest. */
export type MonitorId = Brand<string, 'MonitorId'>
/** A target's identifier in the manifest. */
export type TargetId = Brand<string, 'TargetId'>
/** What only validation can make: a message whose signature and shape were checked (SPEC 8). */
export type Verified<T> = Brand<T, 'Verified'>
