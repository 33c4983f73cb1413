#!/usr/bin/env bash
# The long form of tests/it/projectors.rs: twenty kills from each source, and two new starts of the broker.
# Example: tests/projectors.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DAYBOOK_PROJECTOR_KILLS=${DAYBOOK_PROJECTOR_KILLS:-20} exec ./dev test --test it projectors -- --nocapture
