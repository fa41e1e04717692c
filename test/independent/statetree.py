"""The root of a state and proofs of its targets: SPEC 7.9 and 7.10."""

import digests
import schema
import ssz

TARGETS_DEPTH = 14  # List[Bytes32, 16384]
GROUPS_DEPTH = 12  # List[Bytes32, 4096]
PROOF_LENGTH = TARGETS_DEPTH + 3


def _zeros(depth):
    out = [bytes(32)]
    for _ in range(depth):
        out.append(digests.sha256(out[-1] + out[-1]))
    return out


ZEROS = _zeros(TARGETS_DEPTH)


def _levels(leaves, depth):
    """The nodes of each level from the leaves up, as far as they are not all zero."""
    levels = [leaves]
    for height in range(depth):
        row = levels[-1] + [ZEROS[height]] * (len(levels[-1]) % 2)
        levels.append([digests.sha256(row[i] + row[i + 1]) for i in range(0, len(row), 2)])
    return levels


def _list_root(leaves, depth):
    top = _levels(leaves, depth)[-1]
    return digests.sha256((top[0] if top else ZEROS[depth]) + _length(leaves))


def _length(leaves):
    return len(leaves).to_bytes(32, "little")


def _leaves(state):
    targets = [digests.tagged_of("target", "TargetState", target) for target in state["targets"]]
    groups = [digests.tagged_of("group", "GroupState", group) for group in state["groups"]]
    return digests.tagged_of("meta", "StateMeta", state["meta"]), targets, groups


def root_of(state):
    meta, targets, groups = _leaves(state)
    left = digests.sha256(meta + _list_root(targets, TARGETS_DEPTH))
    return digests.sha256(left + digests.sha256(_list_root(groups, GROUPS_DEPTH) + bytes(32)))


def prove(state, index):
    """The 17 siblings of target `index`, from leaf to root."""
    meta, targets, groups = _leaves(state)
    branch = []
    for height, level in enumerate(_levels(targets, TARGETS_DEPTH)[:TARGETS_DEPTH]):
        sibling = index >> height ^ 1
        branch.append(level[sibling] if sibling < len(level) else ZEROS[height])
    return [*branch, _length(targets), meta, digests.sha256(_list_root(groups, GROUPS_DEPTH) + bytes(32))]


def proves(root, target_ids, target_bytes, branch):
    """SPEC 7.10: whether the branch proves these bytes to be the state of the target whose id they name."""
    try:
        target = schema.decode("TargetState", target_bytes)
    except ssz.Malformed:
        return False
    if len(branch) != PROOF_LENGTH or target["id"] not in target_ids:
        return False
    return leads_to(root, "target", target_bytes, 10 * 2**TARGETS_DEPTH + target_ids.index(target["id"]), branch)


def prove_group(state, index):
    """The 15 siblings of group `index`, from leaf to root."""
    meta, targets, groups = _leaves(state)
    branch = []
    for height, level in enumerate(_levels(groups, GROUPS_DEPTH)[:GROUPS_DEPTH]):
        sibling = index >> height ^ 1
        branch.append(level[sibling] if sibling < len(level) else ZEROS[height])
    return [*branch, _length(groups), bytes(32), digests.sha256(meta + _list_root(targets, TARGETS_DEPTH))]


def leads_to(root, domain, leaf, at, branch):
    """Whether a leaf's bytes, hashed with its siblings from position `at` up, come to the root."""
    node = digests.tagged(domain, leaf)
    for sibling in branch:
        node = digests.sha256(sibling + node if at & 1 else node + sibling)
        at >>= 1
    return at == 1 and node == root
