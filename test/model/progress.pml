/*
 * PROGRESS: in every state honest members can still certify, the Byzantine one being silent from now
 * on, once what honest members hold reaches all of them. Shown by doing it: all come to the highest
 * view a certificate or a signature leads to; that view passes by their own votes; in the view after
 * it an honest leader proposes, and the proposal gets a quorum of notarize and of finalize votes.
 *
 * What they hold: certificates that honest votes alone make, those a vote rests on (durable before
 * it), and, if somebody is up who has it, any one other (x): each is tried, and none.
 */

#define CAN_NULLIFY(m) (HAS(nul[m], w) || MAY_NULLIFY(m, w))
#define CAN_FINALIZE(m, v) (fin[AT(m, v)] != 0 || MAY_FINALIZE(m, v))

/* c and d: the views whose notarization and nullification are held. w becomes the highest view. */
inline check_from_here() {
  w = 1;
  u = 1;
  do
  :: u <= V ->
     b = 0;
     do
     :: b < 3 ->
        if
        :: ntz[AT(b, u)] != 0 && COUNT_NTZ(u, ntz[AT(b, u)]) >= Q -> c = c | (1 << u)
        :: fin[AT(b, u)] != 0 && COUNT_FIN(u, fin[AT(b, u)]) >= Q -> c = c | (1 << u)
        :: else -> skip
        fi;
        if
        :: LOWEST(b) > w -> w = LOWEST(b)
        :: else -> skip
        fi;
        b++
     :: else -> break
     od;
     if
     :: COUNT_NUL(u) >= Q -> d = d | (1 << u)
     :: else -> skip
     fi;
     u++
  :: else -> break
  od;
  u = 1;
  do
  :: u <= V ->
     if
     :: u >= w && (((c | d) >> u) & 1) -> w = u + 1
     :: else -> skip
     fi;
     u++
  :: else -> break
  od;
  /* Whoever comes to view w finds a certificate for every view before: it can enter, and build. */
  u = 1;
  e = 0;
  do
  :: u < w ->
     if
     :: !(((c | d) >> u) & 1) -> printf("STUCK no certificate of view %d leads to view %d, hypothesis %d\n", u, w, x); assert(false)
     :: (c >> u) & 1 -> e = u
     :: else -> skip
     fi;
     u++
  :: else -> break
  od;
  /* View w itself can be nullified by honest votes alone. */
  if
  :: w <= V && CAN_NULLIFY(0) + CAN_NULLIFY(1) + CAN_NULLIFY(2) < Q ->
     printf("STUCK view %d can no longer be nullified, hypothesis %d\n", w, x);
     assert(false)
  :: else -> skip
  fi;
  /* In the view after it an honest leader builds on what is notarized in view e, the highest. */
  if
  :: NO_REPROPOSAL && e > 0 ->
     b = 0;
     do
     :: b < 3 && !NOTARIZED_BY(b, e) -> b++
     :: else -> break
     od;
     if
     :: b < 3 && IS_LAST(ntz[AT(b % 3, e)]) && CAN_FINALIZE(0, e) + CAN_FINALIZE(1, e) + CAN_FINALIZE(2, e) < Q ->
        printf("STUCK the last block %d cannot become final, hypothesis %d\n", ntz[AT(b, e)], x);
        assert(false)
     :: else -> skip
     fi
  :: else -> skip
  fi;
  if
  :: HONEST < Q -> printf("STUCK honest votes make no quorum\n"); assert(false)
  :: else -> skip
  fi
}

inline check_progress() {
  x = 0;
  do
  :: x <= 2 * V ->
     u = (x + 1) / 2;
     t = 1;
     c = (CERTIFICATES_LOST -> 0 : heldN);
     d = (CERTIFICATES_LOST -> 0 : heldL);
     if
     :: x > 0 && (x & 1) == 1 -> t = NOTARIZED_ANY(u); c = c | (1 << u)
     :: x > 0 && (x & 1) == 0 -> t = NULLIFIED(u); d = d | (1 << u)
     :: else -> skip
     fi;
     if
     :: t && !(IN_NEXT_EPOCH(0) || IN_NEXT_EPOCH(1) || IN_NEXT_EPOCH(2)) -> check_from_here()
     :: else -> skip
     fi;
     x++
  :: else -> break
  od
}
