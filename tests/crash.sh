#!/usr/bin/env bash
# The long form of tests/it/crash.rs: twenty kills of the one process, twenty of two command processes.
# Example: tests/crash.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
DAYBOOK_CRASH_KILLS=${DAYBOOK_CRASH_KILLS:-20} exec ./dev test --test it crash -- --nocapture
