# shellcheck shell=bash
# Rust: the build of the binary, and cargo's tools at pinned versions in a folder of their own.

tools_root=${XDG_CACHE_HOME:-$HOME/.cache}/daybook/tools
PATH=$tools_root/bin:$PATH

# rust_require: rustc comes from rustup, not from apt, whose version is too old.
rust_require() {
  have cargo || [[ ! -x $HOME/.cargo/bin/cargo ]] || PATH=$HOME/.cargo/bin:$PATH
  have cargo || die "Rust is missing: install it with rustup, then run this again"
  packages_require compiler
}

# binary_build: target/release/daybook, sqlx checked against the committed .sqlx.
binary_build() {
  rust_require
  job_run job env SQLX_OFFLINE=true cargo build --release --locked --bin daybook
}

binary_path() { printf '%s/release/daybook' "$(cd "$repo" && realpath -m "${CARGO_TARGET_DIR:-target}")"; }

# tool_require NAME VERSION [CARGO ARGS...]: compiled once, elsewhere than target/.
tool_require() {
  local name=$1 version=$2
  shift 2
  grep -qs "^\"$name $version " "$tools_root/.crates.toml" && return
  say "installing $name $version (once)"
  CARGO_TARGET_DIR=$tools_root-target cargo install --quiet --locked --root "$tools_root" "$name@$version" "$@" ||
    die "cargo could not install $name $version"
}

tool_sqlx() { tool_require sqlx-cli 0.8.6 --no-default-features --features postgres,rustls; }
tool_machete() { tool_require cargo-machete 0.9.2; }
tool_deny() { tool_require cargo-deny 0.20.2; }

# tool_stripe_mock: Stripe's own mock of its API, for the tests; a program in Go, so only where Go is.
tool_stripe_mock() {
  local version=v0.203.0 bin program
  bin=$tools_root/stripe-mock-$version
  program=$bin/stripe-mock
  if [[ ! -x $program ]]; then
    if ! have go; then
      say "skipped: Go is not installed, so stripe-mock does not check what Stripe is asked"
      return
    fi
    say "installing stripe-mock $version (once)"
    if ! GOBIN=$bin go install "github.com/stripe/stripe-mock@$version" >/dev/null 2>&1; then
      say "skipped: Go could not install stripe-mock $version, so it does not check what Stripe is asked"
      return
    fi
  fi
  export DAYBOOK_STRIPE_MOCK=$program
}

dev_tools() {
  rust_require
  tool_sqlx
  tool_machete
  tool_deny
  tool_stripe_mock
  say "they are in $tools_root/bin"
}
