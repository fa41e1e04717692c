/*
 * AGREEMENT: all final blocks lie on one chain (SPEC 6.7). Looked at after each finalize vote: is the
 * block it names, now final, on one chain with every other? Uses d, u, w, x, y.
 */
inline check_agreement() {
  u = 1;
  do
  :: u <= SLOTS && FINALIZED(v, fin[AT(m, v)]) ->
     d = 0;
     do
     :: d < ROWS ->
        x = fin[AT(m, v)];
        y = FINAL_OF(d, u);
        if
        :: y != 0 && FINALIZED(u, y) ->
           /* A child has a greater number than its parent: walk down from the greater one. */
           if
           :: x < y -> w = x; x = y; y = w
           :: else -> skip
           fi;
           do
           :: x > y -> x = (x - 1) / K
           :: else -> break
           od;
           if
           :: x != y -> printf("CONFLICT block %d and block %d\n", fin[AT(m, v)], FINAL_OF(d, u))
           :: else -> skip
           fi;
           assert(x == y)
        :: else -> skip
        fi;
        d++
     :: else -> break
     od;
     u++
  :: else -> break
  od
}

/* A restart that does not take the whole log for signed; what was sent stays sent. */
inline forget() {
#if FORGET_NULLIFY
  gnul[m] = gnul[m] | nul[m];
  nul[m] = 0;
#endif
#if FORGET_NOTARIZE || FORGET_FINALIZE
  u = 1;
  do
  :: u <= SLOTS ->
     if
     :: FORGET_NOTARIZE && ntz[AT(m, u)] != 0 && gntz[AT(m, u)] == 0 ->
        gntz[AT(m, u)] = ntz[AT(m, u)];
        ntz[AT(m, u)] = 0
     :: FORGET_FINALIZE && fin[AT(m, u)] != 0 && gfin[AT(m, u)] == 0 ->
        gfin[AT(m, u)] = fin[AT(m, u)];
        fin[AT(m, u)] = 0
     :: else -> skip
     fi;
     u++
  :: else -> break
  od;
#endif
  printf("FORGET %d\n", m)
}
