/*
 * The voting rules of SPEC 6 for four members of equal weight, one of them Byzantine.
 * docs/model.md argues what is left out and why nothing is lost by it. In short:
 *
 * - The network is the set of votes ever signed, which only grows. Whoever acts on a certificate
 *   must find its quorum in that set; that he has not received it yet is one of his choices.
 * - The Byzantine member has signed everything, both ways, so that a certificate needs the quorum
 *   less his weight of honest votes. Honest members are alike, so their rows are kept sorted.
 * - Any block may be proposed in any view, several at once: leaders are not trusted for safety.
 *   Blocks are a tree: 0 is the epoch's start, the children of b are b*K+1 to b*K+K. Siblings are
 *   alike: the next one is named only after the one before it has a vote.
 * - Crash and restart at any moment, of anyone, any number of times: a member has no memory here but
 *   what it signed (SPEC 6.9). Its view is any from the highest it signed in on, up to which
 *   certificates lead.
 */
#include "settings.pml"

/* What honest members signed: the notarized and the finalized block by view, nullified views as bits. */
byte ntz[3 * SLOTS];
byte fin[3 * SLOTS];
byte nul[3];
#if GHOSTS
/* Votes that were sent and that their member does not count as signed: a second or a forgotten one. */
byte gntz[3 * SLOTS];
byte gfin[3 * SLOTS];
byte gnul[3];
#endif
#if PROGRESS
/* Views whose notarization or nullification is durable somewhere honest: a vote rests on it. */
byte heldN, heldL;
#endif
/* Choices of one step; 0 between steps. */
byte m, v, p, j, k;
/* Scratch of one step; nothing reads it in the next. */
#if ORDERED == 1
/* Whether a finalize vote was cast: then no vote of another kind is any more, see ORDERED. */
bit closed;
#endif
SCRATCH byte a, b, c, d, e, t, u, w, x, y, z, h;

#include "votes.pml"
#include "sort.pml"
#include "agreement.pml"
#if PROGRESS
#include "progress.pml"
#endif
#if ORDERED == 2
#include "at-once.pml"
#endif

/* Signing in a view one was not in yet: the certificate that lets in is durable first. */
inline enter() {
#if PROGRESS
  if
  :: v > LOWEST(m) && v <= V && k == 1 && NOTARIZED_ANY(v - 1) -> heldN = heldN | (1 << (v - 1))
  :: v > LOWEST(m) && v <= V && k == 2 && NULLIFIED(v - 1) -> heldL = heldL | (1 << (v - 1))
  :: else -> skip
  fi
#else
  skip
#endif
}

inline vote_notarize(block) {
  enter();
#if PROGRESS && CLOCK_MOVES_VIEWS
  /* Not by its certificates, but a vote rests on them all the same. */
  if
  :: p > 0 -> heldN = heldN | (1 << p)
  :: else -> skip
  fi;
  u = p + 1;
  do
  :: u < v -> heldL = heldL | (1 << u); u++
  :: else -> break
  od;
#endif
#if NOTARIZE_TWICE
  gntz[AT(m, v)] = ntz[AT(m, v)];
#endif
  ntz[AT(m, v)] = block;
  printf("NOTARIZE %d view %d block %d parent %d in %d\n", m, v, block, b, p)
}

inline vote_nullify() {
  enter();
  nul[m] = nul[m] | BIT(v);
  printf("NULLIFY %d view %d\n", m, v)
}

inline vote_finalize(block) {
#if PROGRESS
  if
  :: v <= V && NOTARIZED(v, block) -> heldN = heldN | (1 << v)
  :: else -> skip
  fi;
#endif
#if ORDERED == 1
  closed = 1;
#endif
  fin[AT(m, v)] = block;
  printf("FINALIZE %d view %d block %d\n", m, v, block);
  check_agreement()
}

/* c = 1 if a sibling may be named: the one before it has a vote. */
inline check_sibling(block, index) {
  c = (index == 0);
  u = 1;
  do
  :: c == 0 && u <= V ->
     c = (COUNT_NTZ(u, (block) - 1) > 0);
     u++
  :: else -> break
  od
}

/* SPEC 6.4, as far as it depends on votes: t = 1 if the block a, child of b, may be voted for. */
inline judge_proposal() {
  t = (PARENT_UNCHECKED || NOTARIZED(p, b)) && (p == 0 || b != 0) && (GAP_UNCHECKED || NO_GAP(p, v));
  a = b * K + 1 + e;
  c = 1;
  if
  :: IS_LAST(b) && CHILD_OF_LAST ->
     /* Of the children of a last block the old epoch makes the first, the new one the last. */
     t = t && e < 2;
     if
     :: e == 1 -> a = b
     :: else -> skip
     fi
  :: IS_LAST(b) && !CHILD_OF_LAST ->
     /* 6.4.5: the same block again, and no child of it. */
     t = t && e == 0 && !NO_REPROPOSAL;
     a = b
  :: else ->
     if
     :: t -> check_sibling(a, e)
     :: else -> skip
     fi
  fi;
  t = t && c && (ntz[AT(m, v)] != a)
}

init {
  do
  /* Notarize. */
  :: atomic {
       PICK_MEMBER;
       PICK_VIEW;
       PICK_ENTRY;
       if
       :: OPEN && MAY_BE_IN(m, v) && MAY_NOTARIZE(m, v) ->
          if
          :: p = 0
          :: v > 1 -> p = 1
          :: v > 2 -> p = 2
          :: v > 3 -> p = 3
          fi;
          if
          :: p > 0 && (GAP_UNCHECKED || NO_GAP(p, v)) -> PICK_ROW
          :: else -> skip
          fi;
          d_step {
            b = 0;
            e = 0;
            if
            :: p > 0 -> b = BLOCK_OF(j, p)
            :: else -> skip
            fi
          }
          if
          :: e = 0
          :: e = 1
          :: K == 3 -> e = 2
          fi;
          d_step {
            judge_proposal();
            if
            :: t -> vote_notarize(a)
            :: else -> skip
            fi;
            sort_rows();
            DONE
          }
       :: else -> DONE
       fi
     }
  /* Nullify (SPEC 6.5): the timer may fire whenever a member is in a view. */
  :: atomic {
       PICK_MEMBER;
       PICK_VIEW;
       PICK_ENTRY;
       d_step {
         if
         :: OPEN && (MAY_BE_IN(m, v) || NULLIFY_ANY_VIEW) && MAY_NULLIFY(m, v) -> vote_nullify()
         :: else -> skip
         fi;
         sort_rows();
         DONE
       }
     }
#if ORDERED == 2
  :: d_step { finalize_all(); DONE }
#else
  /* Finalize (SPEC 6.5): the notarization leads to the view after, so the view is not above the current one. */
  :: atomic {
       PICK_MEMBER;
       PICK_VIEW;
       if
       :: MAY_FINALIZE(m, v) ->
          PICK_ROW;
          d_step {
            b = BLOCK_OF(j, v);
            if
            :: b != 0 && (NOTARIZED(v, b) || FINALIZE_UNNOTARIZED && LOWEST(m) == v && ntz[AT(m, v)] == b) ->
               vote_finalize(b)
            :: else -> skip
            fi;
            sort_rows();
            DONE
          }
       :: else -> DONE
       fi
     }
#if LAST
  /* View 1 of the next epoch, which the final last block alone begins (SPEC 6.1). */
  :: atomic {
       PICK_MEMBER;
       PICK_VIEW;
       p = v;
       PICK_ROW;
       d_step {
         v = E1;
         b = FINAL_OF(j, p);
         if
         :: NEXT_EPOCH_EARLY && b == 0 -> b = BLOCK_OF(j, p)
         :: else -> skip
         fi;
         t = b != 0 && (FINALIZED(p, b) || NEXT_EPOCH_EARLY && NOTARIZED(p, b));
         /* A final child makes its parent final (SPEC 6.7). */
         if
         :: CHILD_OF_LAST && b != 0 && !IS_LAST(b) -> b = (b - 1) / K
         :: else -> skip
         fi;
         if
         :: t && IS_LAST(b) && ntz[AT(m, E1)] == 0 && fin[AT(m, E1)] == 0 -> vote_notarize(b * K + K)
         :: else -> skip
         fi;
         sort_rows();
         DONE
       }
     }
  :: atomic {
       PICK_MEMBER;
       PICK_ROW;
       d_step {
         v = E1;
         b = BLOCK_OF(j, E1);
         if
         :: b != 0 && NOTARIZED(E1, b) && fin[AT(m, E1)] == 0 && (ntz[AT(m, E1)] == b || ntz[AT(m, E1)] == 0) ->
            vote_finalize(b)
         :: else -> skip
         fi;
         sort_rows();
         DONE
       }
     }
#endif
#endif
#if FORGET_NOTARIZE || FORGET_NULLIFY || FORGET_FINALIZE
  /* A restart that does not replay the whole log. */
  :: atomic {
       PICK_MEMBER;
       d_step {
         forget();
         sort_rows();
         DONE
       }
     }
#endif
#if PROGRESS && ORDERED == 2
  :: d_step { check_progress_of_all(); DONE }
#elif PROGRESS
  :: d_step { check_progress(); DONE }
#endif
  od
}
