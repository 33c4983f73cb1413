# shellcheck shell=bash
# What the scripts say: progress and errors on stderr, so that stdout is only what was asked for.

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# die_with_log MESSAGE FILE: the end of a server's log says more than we can.
die_with_log() {
  {
    printf 'dev: %s\nThe end of %s:\n' "$1" "$2"
    tail -n 20 "$2" 2>/dev/null | sed 's/^/  | /'
  } >&2
  exit 1
}

# poll SECONDS COMMAND...: runs COMMAND ten times a second until it succeeds; fails when the time is up.
poll() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
