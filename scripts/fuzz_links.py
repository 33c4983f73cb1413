"""How many of the document's links were followed, by the reports of schemathesis.

fuzz_links.py DOCUMENT REPORTS UNFOLLOWED: prints one line of all who fuzzed (a folder of REPORTS each), and writes the
links that nobody followed to UNFOLLOWED. A link is followed where a request was made with what it tells, and it leads
somewhere where that request succeeded.
"""

import json
import sys
from pathlib import Path

METHODS = ("get", "post", "put", "patch", "delete")


def declared(document):
    """Every link as schemathesis names it: `POST /products -> [201] getProduct.id -> GET /products/{id}`."""
    operations = {
        operation["operationId"]: (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
    return {
        f"{label} -> [{status}] {name} -> {operations[link['operationId']][0]}"
        for label, operation in operations.values()
        for status, answer in operation["responses"].items()
        for name, link in answer.get("links", {}).items()
    }


def followed(report):
    """The links that a run followed, and those of them that led to a success. What schemathesis infers is not counted."""
    links, successful = set(), set()
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            if '"transition"' not in line:
                continue
            recorder = json.loads(line)["ScenarioFinished"]["recorder"]
            for case, node in recorder["cases"].items():
                transition = node.get("transition")
                if not transition or transition["is_inferred"] or not node["is_transition_applied"]:
                    continue
                links.add(transition["id"])
                answer = recorder.get("interactions", {}).get(case, {}).get("response")
                if answer and answer["status_code"] < 400:
                    successful.add(transition["id"])
    return links, successful


def main(document, reports, unfollowed):
    links = declared(json.loads(Path(document).read_text(encoding="utf-8")))
    by, successful = {}, set()
    for report in sorted(Path(reports).glob("*/*.ndjson")):
        who = report.parent.name
        seen, to_success = followed(report)
        by[who] = by.get(who, set()) | (seen & links)
        successful |= to_success & links
    everybody = set().union(*by.values())
    Path(unfollowed).write_text("".join(f"{link}\n" for link in sorted(links - everybody)), encoding="utf-8")
    each = ", ".join(f"{who} {len(seen)}" for who, seen in by.items())
    print(f"{len(everybody)} of {len(links)} API links followed ({each}), {len(successful)} of them to a success")


main(*sys.argv[1:])
