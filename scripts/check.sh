# shellcheck shell=bash
# `./dev check`: everything that can be said of the tree without running it. All of it is said, not only the first.

check_failed=()

# check NAME COMMAND...
check() {
  local name=$1
  shift
  say "== $name"
  "$@" || check_failed+=("$name")
}

check_clippy() {
  SQLX_OFFLINE=true cargo clippy --workspace --all-targets --locked -- -D warnings
}

# check_advisories: a database that cannot be fetched is no finding.
check_advisories() {
  if timeout 120 cargo deny --log-level off fetch db >/dev/null 2>&1; then
    cargo deny check --disable-fetch advisories
  else
    say "advisories skipped: database not reachable"
  fi
}

check_scripts() {
  if have shellcheck; then
    shellcheck dev .ci/run scripts/*.sh
  else
    say "skipped: shellcheck is not installed"
  fi
}

# check_compose: that the file is well-formed and asks for no more settings than these.
check_compose() {
  local compose=(docker-compose)
  if ! have docker-compose; then
    compose=(docker compose)
    if ! docker compose version >/dev/null 2>&1; then
      say "skipped: docker-compose is not installed"
      return
    fi
  fi
  POSTGRES_PASSWORD=check DAYBOOK_OWNER_PASSWORD=check DAYBOOK_APP_PASSWORD=check KAFKA_CLUSTER_ID=check \
    "${compose[@]}" -f docker-compose.yml config -q
}

dev_check() {
  rust_require
  packages_want shellcheck docker-compose
  tool_machete
  tool_deny
  check "formatting" cargo fmt --all --check
  check "clippy" check_clippy
  check "unused dependencies" cargo machete
  check "licences, bans, sources" cargo deny --locked check bans licenses sources
  check "advisories" check_advisories
  check "scripts" check_scripts
  check "docker-compose.yml" check_compose
  ((${#check_failed[@]} == 0)) || die "check found something in: $(printf '%s; ' "${check_failed[@]}")"
  say "check found nothing"
}
