/* What -D may set: sizes, the property, and the rule that a variant takes out. */
#ifndef V
#define V 3                   /* views of the epoch, up to 4 */
#endif
#ifndef K
#define K 2                   /* children a block may have, 2 or 3 */
#endif
#ifndef LAST
#define LAST 0                /* height of the epoch's last block, 1 or 2; 0: the epoch does not end */
#endif
#ifndef Q
#define Q 3                   /* quorum: floor(2W/3) + 1 of W = 4 */
#endif
#ifndef BYZ
#define BYZ 1                 /* Byzantine members, 1 or 2 */
#endif
#ifndef PROGRESS
#define PROGRESS 0            /* check progress too */
#endif

/*
 * Which orders of votes are searched: 0 all; 1 those in which finalize votes come after all others;
 * 2 as 1, all that some members can cast being cast at once, looked at, and taken back. docs/model.md
 * says why nothing is missed where finalize and nullify exclude each other.
 */
#ifndef ORDERED
#define ORDERED 0
#endif
#if ORDERED == 1
#define OPEN (closed == 0)
#else
#define OPEN 1
#endif

#ifndef FINALIZE_AFTER_NULLIFY
#define FINALIZE_AFTER_NULLIFY 0
#endif
#ifndef NULLIFY_AFTER_FINALIZE
#define NULLIFY_AFTER_FINALIZE 0
#endif
#ifndef NOTARIZE_TWICE
#define NOTARIZE_TWICE 0
#endif
#ifndef GAP_UNCHECKED
#define GAP_UNCHECKED 0
#endif
#ifndef PARENT_UNCHECKED
#define PARENT_UNCHECKED 0
#endif
#ifndef FORGET_NOTARIZE
#define FORGET_NOTARIZE 0
#endif
#ifndef FORGET_NULLIFY
#define FORGET_NULLIFY 0
#endif
#ifndef FORGET_FINALIZE
#define FORGET_FINALIZE 0
#endif
#ifndef CHILD_OF_LAST
#define CHILD_OF_LAST 0
#endif
#ifndef NEXT_EPOCH_EARLY
#define NEXT_EPOCH_EARLY 0
#endif
#ifndef FINALIZE_UNNOTARIZED
#define FINALIZE_UNNOTARIZED 0
#endif
#ifndef NULLIFY_AFTER_NOTARIZE_FORBIDDEN
#define NULLIFY_AFTER_NOTARIZE_FORBIDDEN 0
#endif
#ifndef CERTIFICATES_LOST
#define CERTIFICATES_LOST 0
#endif
#ifndef NO_REPROPOSAL
#define NO_REPROPOSAL 0
#endif
#ifndef CLOCK_MOVES_VIEWS
#define CLOCK_MOVES_VIEWS 0
#endif
#ifndef NULLIFY_ANY_VIEW
#define NULLIFY_ANY_VIEW 0
#endif

#define GHOSTS (NOTARIZE_TWICE || FORGET_NOTARIZE || FORGET_NULLIFY || FORGET_FINALIZE)
#define HONEST (4 - BYZ)
#define NEED (Q - BYZ)        /* honest votes that make a certificate with the Byzantine ones */
#define E1 (V + 1)            /* view 1 of the next epoch */
#if LAST
#define SLOTS (V + 1)
#else
#define SLOTS V
#endif
/* A breadth-first search, which finds shortest counterexamples, knows no variables outside the state. */
#ifdef SHORTEST
#define SCRATCH
#define DONE m = 0; v = 0; p = 0; j = 0; k = 0; a = 0; b = 0; c = 0; d = 0; e = 0; t = 0; u = 0; w = 0; x = 0; y = 0; z = 0; h = 0
#else
#define SCRATCH hidden
#define DONE m = 0; v = 0; p = 0; j = 0; k = 0; e = 0; b = 0
#endif
