# shellcheck shell=bash
# Tests and measurements, on servers of their own that are new each time and gone afterwards.

# private_instance_claim NAME: $DAYBOOK_HOME/NAME, empty, and ours until we end.
private_instance_claim() {
  instance_use_default
  instance_use "$home/$1"
  instance_make
  instance_lock
  trap 'instance_give_back private_instance_end' EXIT
  private_instance_end
  own_postgres=yes own_kafka=yes
  pg_port=$(free_port)
  kafka_port=$(free_port)
  listen=127.0.0.1:$(free_port)
  DAYBOOK_SHARED=$(realpath -m "${DAYBOOK_SHARED:-../shared}") # data that is not in the repository
  export DAYBOOK_SHARED
}

# private_instance_end: stops it and removes its data; the logs stay for whoever wants to know what happened.
private_instance_end() {
  leftovers_stop
  postgres_remove_data
  rm -rf "$home/kafka" "$home/secrets"
}

# private_instance_start: and everything that Daybook and its tests are told.
private_instance_start() {
  servers_start
  eval "$(instance_environment && instance_superuser_environment)"
}

# cargo_job ARGS...: cargo with the queries checked against .sqlx, whatever DATABASE_URL says.
cargo_job() { job_run job env SQLX_OFFLINE=true cargo "$@"; }

dev_test() {
  local began=$SECONDS status=0 scope=(--workspace --locked) build=() argument
  packages_require postgres java kafka-jars compiler
  packages_want curl jq kcat python3-requests pdftotext # what people have: clients, and a reader of invoices
  rust_require
  (($#)) || tool_sqlx
  tool_stripe_mock
  for argument in "$@"; do
    [[ $argument != -- ]] || break
    [[ $argument != -p* && $argument != --package* ]] || scope=(--locked)
    build+=("$argument")
  done
  private_instance_claim test
  cargo_job test --no-run "${scope[@]}" "${build[@]}" # first, so that the servers do not wait for the compiler
  private_instance_start
  cargo_job test "${scope[@]}" "$@" || status=$?
  if ((status == 0 && $# == 0)); then
    say "are the queries in .sqlx those of the code?"
    sqlx_prepare --check || status=$?
  fi
  say "$( ((status)) && echo "tests FAILED" || echo "tests passed"), after $((SECONDS - began)) s"
  return "$status"
}

# sqlx_prepare [--check]: what the compiler is to know of each query, against the migrations of this tree.
sqlx_prepare() {
  local DATABASE_URL=${DAYBOOK_OWNER_DATABASE_URL%/*}/daybook_sqlx
  export DATABASE_URL
  job_run job cargo sqlx database create &&
    job_run job cargo sqlx migrate run --source migrations >/dev/null &&
    job_run job cargo sqlx prepare --workspace "$@" -- --all-targets
}

dev_prepare() {
  packages_require postgres compiler
  rust_require
  tool_sqlx
  private_instance_claim prepare
  own_kafka=''
  KAFKA_BROKERS='' private_instance_start
  sqlx_prepare
}

dev_bench() {
  packages_require postgres java kafka-jars compiler
  rust_require
  instance_use_default
  export DAYBOOK_BENCH_OUT=$home/bench.json
  private_instance_claim bench
  cargo_job build --release --locked --workspace --bins # all at once: with a part of the features much is built twice
  private_instance_start
  job_run job "$(dirname "$(binary_path)")/daybook-benches" "$@"
}
