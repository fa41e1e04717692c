/* Honest members are alike: of all orders of their rows only the sorted one is kept. */

inline swap(one, other) { w = one; one = other; other = w }

inline swap_rows(r, s) {
  printf("SWAP %d %d\n", r, s);
  swap(nul[r], nul[s]);
#if GHOSTS
  swap(gnul[r], gnul[s]);
#endif
  u = 1;
  do
  :: u <= SLOTS ->
     swap(ntz[AT(r, u)], ntz[AT(s, u)]);
     swap(fin[AT(r, u)], fin[AT(s, u)]);
#if GHOSTS
     swap(gntz[AT(r, u)], gntz[AT(s, u)]);
     swap(gfin[AT(r, u)], gfin[AT(s, u)]);
#endif
     u++
  :: else -> break
  od
}

/* t: 0 equal so far, 1 in order, 2 to be swapped. */
#define COMPARE(one, other) \
  if \
  :: t == 0 && (one) > (other) -> t = 1 \
  :: t == 0 && (one) < (other) -> t = 2 \
  :: else -> skip \
  fi

inline order_rows(r, s) {
  t = 0;
  COMPARE(nul[r], nul[s]);
#if GHOSTS
  COMPARE(gnul[r], gnul[s]);
#endif
  u = 1;
  do
  :: t == 0 && u <= SLOTS ->
     COMPARE(ntz[AT(r, u)], ntz[AT(s, u)]);
     COMPARE(fin[AT(r, u)], fin[AT(s, u)]);
#if GHOSTS
     COMPARE(gntz[AT(r, u)], gntz[AT(s, u)]);
     COMPARE(gfin[AT(r, u)], gfin[AT(s, u)]);
#endif
     u++
  :: else -> break
  od;
  if
  :: t == 2 -> swap_rows(r, s)
  :: else -> skip
  fi
}

inline sort_rows() {
#ifndef UNSORTED
#if HONEST == 3
  order_rows(0, 1);
  order_rows(1, 2);
#endif
  order_rows(0, 1)
#else
  skip
#endif
}
