import { ByteListType, type BasicType, type CompositeType, UintBigintType } from '@chainsafe/ssz'
import type { Digest, Epoch, Height, MemberIndex, Round, TargetIndex, View } from './brands.ts'
import { limits } from './limits.ts'
import { ExactBytesType, ExactUintType } from './wire-types.ts'

// What the types of SPEC chapter 3 are made of.

export const uint8 = new ExactUintType(1)
export const uint16 = new ExactUintType(2)
export const uint32 = new ExactUintType(4)
export const uint64 = new ExactUintType(8)
/** Two's complement of a signed 64-bit number; `toSigned` and `toBits` convert (SPEC 1). */
export const int64Bits = new UintBigintType(8)
export const bytes32 = new ExactBytesType(32)
export const bytes64 = new ExactBytesType(64)

// The wire knows only integers and bytes; the brands keep a round from passing for a view.
export const epoch = uint64 as unknown as BasicType<Epoch>
export const round = uint64 as unknown as BasicType<Round>
export const view = uint64 as unknown as BasicType<View>
export const height = uint64 as unknown as BasicType<Height>
export const memberIndex = uint16 as unknown as BasicType<MemberIndex>
export const targetIndex = uint16 as unknown as BasicType<TargetIndex>
export const digest = bytes32 as unknown as CompositeType<Digest, Digest, Digest>
export const id = new ByteListType(limits.idBytesMax)
export const name = new ByteListType(limits.nameBytesMax)
