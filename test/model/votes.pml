/* Who voted for what, and what that allows: SPEC 6.2, 6.4 to 6.6. All of these are expressions. */

#define AT(m, v) ((m) * SLOTS + (v) - 1)
#define BIT(v) (1 << ((v) - 1))
#define HAS(bits, v) (((bits) >> ((v) - 1)) & 1)

#if LAST == 1
#define IS_LAST(b) ((b) >= 1 && (b) <= K)
#elif LAST == 2
#define IS_LAST(b) ((b) > K && (b) <= K + K * K)
#else
#define IS_LAST(b) 0
#endif

#if GHOSTS
#define VOTED_NTZ(m, v, b) (ntz[AT(m, v)] == (b) || gntz[AT(m, v)] == (b))
#define VOTED_FIN(m, v, b) (fin[AT(m, v)] == (b) || gfin[AT(m, v)] == (b))
#define VOTED_NUL(m, v) HAS(nul[m] | gnul[m], v)
/* The blocks that votes of a view name, by row. */
#define BLOCK_OF(j, v) ((j) < 3 -> ntz[AT((j) % 3, v)] : gntz[AT((j) % 3, v)])
#define FINAL_OF(j, v) ((j) < 3 -> fin[AT((j) % 3, v)] : gfin[AT((j) % 3, v)])
#define ROWS 6
#else
#define VOTED_NTZ(m, v, b) (ntz[AT(m, v)] == (b))
#define VOTED_FIN(m, v, b) (fin[AT(m, v)] == (b))
#define VOTED_NUL(m, v) HAS(nul[m], v)
#define BLOCK_OF(j, v) ntz[AT(j, v)]
#define FINAL_OF(j, v) fin[AT(j, v)]
#define ROWS 3
#endif

#define COUNT_NTZ(v, b) (VOTED_NTZ(0, v, b) + VOTED_NTZ(1, v, b) + VOTED_NTZ(2, v, b))
#define COUNT_FIN(v, b) (VOTED_FIN(0, v, b) + VOTED_FIN(1, v, b) + VOTED_FIN(2, v, b))
#define COUNT_NUL(v) (VOTED_NUL(0, v) + VOTED_NUL(1, v) + VOTED_NUL(2, v))

/* 6.6. A finalization serves as a notarization; the epoch's start is notarized in view 0. */
#define FINALIZED(v, b) (COUNT_FIN(v, b) >= NEED)
#define NOTARIZED(v, b) ((v) == 0 || COUNT_NTZ(v, b) >= NEED || FINALIZED(v, b))
#define NULLIFIED(v) (COUNT_NUL(v) >= NEED)
#define NOTARIZED_BY(j, v) (BLOCK_OF(j, v) != 0 && NOTARIZED(v, BLOCK_OF(j, v)))
#if GHOSTS
#define NOTARIZED_ANY(v) (NOTARIZED_BY(0, v) || NOTARIZED_BY(1, v) || NOTARIZED_BY(2, v) || NOTARIZED_BY(3, v) || NOTARIZED_BY(4, v) || NOTARIZED_BY(5, v))
#else
#define NOTARIZED_ANY(v) (NOTARIZED_BY(0, v) || NOTARIZED_BY(1, v) || NOTARIZED_BY(2, v))
#endif

/* 6.4.4: nullifications for all views strictly between. */
#define NO_GAP(from, to) (((from) + 1 >= (to) || NULLIFIED((from) + 1)) && ((from) + 2 >= (to) || NULLIFIED((from) + 2)) && ((from) + 3 >= (to) || NULLIFIED((from) + 3)))

/* 6.9: the highest view a member signed in. 6.2: how it comes to be in a view. */
#define SIGNED(m, v) (ntz[AT(m, v)] != 0 || fin[AT(m, v)] != 0 || HAS(nul[m], v))
#if PROGRESS && !FINALIZE_UNNOTARIZED
/* A finalize vote rests on the notarization, which leads to the view after. */
#define HIGHEST_SIGNED(m, v) (fin[AT(m, v)] != 0 -> (v) + 1 : (v))
#else
#define HIGHEST_SIGNED(m, v) (v)
#endif
#if V == 2
#define LOWEST(m) (SIGNED(m, 2) -> HIGHEST_SIGNED(m, 2) : (SIGNED(m, 1) -> HIGHEST_SIGNED(m, 1) : 1))
#elif V == 3
#define LOWEST(m) (SIGNED(m, 3) -> HIGHEST_SIGNED(m, 3) : (SIGNED(m, 2) -> HIGHEST_SIGNED(m, 2) : (SIGNED(m, 1) -> HIGHEST_SIGNED(m, 1) : 1)))
#else
#define LOWEST(m) (SIGNED(m, 4) -> HIGHEST_SIGNED(m, 4) : (SIGNED(m, 3) -> HIGHEST_SIGNED(m, 3) : (SIGNED(m, 2) -> HIGHEST_SIGNED(m, 2) : (SIGNED(m, 1) -> HIGHEST_SIGNED(m, 1) : 1))))
#endif
#if LAST
#define IN_NEXT_EPOCH(m) (ntz[AT(m, E1)] != 0 || fin[AT(m, E1)] != 0)
#else
#define IN_NEXT_EPOCH(m) 0
#endif
#if PROGRESS
/* k says by which certificate a member comes in. */
#define LED_INTO(v) (k == 1 && NOTARIZED_ANY((v) - 1) || k == 2 && NULLIFIED((v) - 1))
#define STAYS k == 1
#else
#define LED_INTO(v) (NOTARIZED_ANY((v) - 1) || NULLIFIED((v) - 1))
#define STAYS 1
#endif
#define MAY_BE_IN(m, v) (!IN_NEXT_EPOCH(m) && ((v) == LOWEST(m) && STAYS || (v) > LOWEST(m) && (CLOCK_MOVES_VIEWS || LED_INTO(v))))

/* 6.5 */
#if NOTARIZE_TWICE
#define MAY_NOTARIZE(m, v) (ntz[AT(m, v)] == 0 || gntz[AT(m, v)] == 0)
#else
#define MAY_NOTARIZE(m, v) (ntz[AT(m, v)] == 0)
#endif
#define MAY_NULLIFY(m, v) (!HAS(nul[m], v) && (NULLIFY_AFTER_FINALIZE || fin[AT(m, v)] == 0) && (!NULLIFY_AFTER_NOTARIZE_FORBIDDEN || ntz[AT(m, v)] == 0))
#define MAY_FINALIZE(m, v) (!IN_NEXT_EPOCH(m) && fin[AT(m, v)] == 0 && (FINALIZE_AFTER_NULLIFY || !HAS(nul[m], v)))

#if HONEST == 3
#define PICK_MEMBER if :: m = 0 :: m = 1 :: m = 2 fi
#else
#define PICK_MEMBER if :: m = 0 :: m = 1 fi
#endif
#if V == 2
#define PICK_VIEW if :: v = 1 :: v = 2 fi
#elif V == 3
#define PICK_VIEW if :: v = 1 :: v = 2 :: v = 3 fi
#else
#define PICK_VIEW if :: v = 1 :: v = 2 :: v = 3 :: v = 4 fi
#endif
#if PROGRESS
#define PICK_ENTRY if :: k = 1 :: k = 2 fi
#else
#define PICK_ENTRY skip
#endif
#if GHOSTS
#define PICK_ROW if :: j = 0 :: j = 1 :: j = 2 :: j = 3 :: j = 4 :: j = 5 fi
#else
#define PICK_ROW if :: j = 0 :: j = 1 :: j = 2 fi
#endif
