#!/usr/bin/env bash
# The long form of tests/it/projectors: from each source twenty kills of projectors and two of the broker. It prints a line
# for each kill, and one for each source at the end.
# Example: tests/projectors.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DAYBOOK_PROJECTOR_KILLS=${DAYBOOK_PROJECTOR_KILLS:-20} \
  exec ./dev test --test it projectors:: -- --nocapture --test-threads=1
