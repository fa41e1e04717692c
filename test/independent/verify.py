#!/usr/bin/env python3
"""A second verifier of the Watchfire protocol, written from SPEC.md and test/vectors alone.

    verify.py                                      runs all vectors; exit 1 if one fails
    verify.py certificate FILE --manifest FILE     what a certificate file proves; exit 1 if it is refused
    verify.py evidence FILE --manifest FILE        what an evidence file proves; exit 1 if it is refused
    verify.py lines                                questions as JSON lines on stdin, answers on stdout
    verify.py nodes                                what the data directories of stopped nodes say together

Python 3.11, standard library only.
"""

import argparse
import json
import pathlib
import sys

import manifest as manifests
import nodes
import schema
import vectors

EXIT_REFUSED, EXIT_USAGE, EXIT_MANIFEST = 1, 2, 78


def run_vectors():
    passed, failed = 0, 0
    unread = sorted(path.stem for path in vectors.FOLDER.glob("*.json") if path.stem not in vectors.FILES)
    for name in unread:
        failed += 1
        print(f"FAIL {name}.json: nothing here reads it")
    for group, cases in {"types": vectors.types, **vectors.FILES}.items():
        for name, wrong in cases():
            if wrong is None:
                passed += 1
            else:
                failed += 1
                print(f"FAIL {group}: {name}: {wrong}")
    print(f"{passed} passed, {failed} failed")
    return EXIT_REFUSED if failed else 0


def run_file(judge, file, manifest_file):
    try:
        data = pathlib.Path(file).read_bytes()
        text = pathlib.Path(manifest_file).read_bytes()
    except OSError as fault:
        print(fault, file=sys.stderr)
        return EXIT_USAGE
    try:
        manifest = manifests.read(json.loads(text))
    except (manifests.Refused, ValueError) as fault:
        print(f"{manifest_file}: {fault}", file=sys.stderr)
        return EXIT_MANIFEST
    judged = judge(data, manifest)
    print(json.dumps(judged))
    return 0 if judged["result"] == "valid" else EXIT_REFUSED


def run_lines():
    """One JSON object a line, and for each but the first kind one answer.

    {"manifest": value} sets the manifest, {"file": hex} is a certificate file judged against it, and
    {"evidence": hex} an evidence file;
    {"type": name, "bytes": hex} asks for strict decoding; {"chain": ...}, as one of aggregation.json,
    for the state after each block; {"admit": value} whether this is a manifest, and what it founds;
    {"parameters": hex, "read": hex} what readers make of a state.
    """
    manifest = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "manifest" in asked:
            manifest = manifests.read(asked["manifest"])
            continue
        if "file" in asked:
            answer = vectors.judge(bytes.fromhex(asked["file"]), manifest)
        elif "evidence" in asked:
            answer = vectors.judge_evidence(bytes.fromhex(asked["evidence"]), manifest)
        elif "read" in asked:
            answer = vectors.read_state(asked["parameters"], asked["read"])
        elif "admit" in asked:
            answer = vectors.admit(asked["admit"])
        elif "chain" in asked:
            answer = {"states": [schema.encode("State", state).hex() for state in vectors.states_of(asked["chain"])]}
        else:
            answer = {"valid": vectors.is_wellformed(asked["type"], bytes.fromhex(asked["bytes"]))}
        print(json.dumps(answer))
    return 0


def run_nodes():
    """{"manifest": value, "nodes": {member id: folder}, "readers": [folder]} on stdin; exit 1 if anything is wrong."""
    asked = json.load(sys.stdin)
    judged = nodes.judge(manifests.read(asked["manifest"]), asked["nodes"], asked["readers"])
    print(json.dumps(judged))
    return EXIT_REFUSED if judged["found"] else 0


def main():
    parser = argparse.ArgumentParser(description="A second verifier of the Watchfire protocol.")
    commands = parser.add_subparsers(dest="command")
    judges = {"certificate": vectors.judge, "evidence": vectors.judge_evidence}
    for name in judges:
        one = commands.add_parser(name, help=f"verify one {name} file")
        one.add_argument("file")
        one.add_argument("--manifest", required=True, help="the manifest as JSON")
    commands.add_parser("lines", help="answer questions given as JSON lines")
    commands.add_parser("nodes", help="compare chains and vote logs of stopped nodes, named on stdin as JSON")
    asked = parser.parse_args()
    if asked.command in judges:
        return run_file(judges[asked.command], asked.file, asked.manifest)
    runs = {None: run_vectors, "lines": run_lines, "nodes": run_nodes}
    return runs[asked.command]()


if __name__ == "__main__":
    sys.exit(main())
