/* All finalize votes that the members of a set, given as bits, may cast. */
inline cast_finalize(who) {
  m = 0;
  do
  :: m < HONEST ->
     v = ((((who) >> m) & 1) -> 1 : V + 1);
     do
     :: v <= V ->
        j = 0;
        do
        :: j < ROWS ->
           b = BLOCK_OF(j, v);
           if
           :: b != 0 && MAY_FINALIZE(m, v) && NOTARIZED(v, b) -> vote_finalize(b)
           :: else -> skip
           fi;
           j++
        :: else -> break
        od;
        v++
     :: else -> break
     od;
     m++
  :: else -> break
  od
}

inline take_back() {
  u = 0;
  do
  :: u < 3 * SLOTS -> fin[u] = 0; u++
  :: else -> break
  od
}

#if LAST
/* The final last block begins the next epoch; all vote for its first block and finalize that. */
inline finalize_next() {
  a = 0;
  p = 1;
  do
  :: p <= V ->
     j = 0;
     do
     :: j < ROWS ->
        b = FINAL_OF(j, p);
        if
        :: IS_LAST(b) && FINALIZED(p, b) -> a = b
        :: else -> skip
        fi;
        j++
     :: else -> break
     od;
     p++
  :: else -> break
  od;
  if
  :: a != 0 ->
     v = E1;
     m = 0;
     do
     :: m < HONEST -> ntz[AT(m, v)] = a * K + K; m++
     :: else -> break
     od;
     m = 0;
     do
     :: m < HONEST -> vote_finalize(a * K + K); m++
     :: else -> break
     od;
     m = 0;
     do
     :: m < HONEST -> ntz[AT(m, v)] = 0; m++
     :: else -> break
     od
  :: else -> skip
  fi
}
#endif

/*
 * ORDERED 2: every finalize vote that may be cast in this state is, in the old epoch and then in the
 * new one, each looked at as it is cast; then all are taken back, so that none is in a stored state.
 */
inline finalize_all() {
  cast_finalize(7);
#if LAST
  finalize_next();
#endif
  take_back()
}

#if PROGRESS
/* Progress, whichever members have cast all the finalize votes that they may. */
inline check_progress_of_all() {
  z = 0;
  do
  :: z < 8 ->
     h = heldN;
     cast_finalize(z);
     check_progress();
     heldN = h;
     take_back();
     z++
  :: else -> break
  od
}
#endif
