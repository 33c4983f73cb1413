# shellcheck shell=bash
# Daybook itself: up, demo, and the commands that need an instance which runs.

# job_run NAME COMMAND...: runs COMMAND until it ends; a signal to us ends the waiting, and the trap on EXIT stops NAME.
job_run() {
  local status=0
  process_launch "$@"
  wait "$launched" || status=$?
  rm -f "$run_dir/$1"
  return "$status"
}

# instance_take: makes this instance ours until we end.
instance_take() {
  instance_make
  instance_lock
  if servers_are_kept; then # they stay when we go
    instance_enter
    own_postgres='' own_kafka=''
    trap 'instance_give_back job_and_daybook_stop' EXIT
  else
    leftovers_stop
    trap 'instance_give_back leftovers_stop' EXIT
  fi
  servers_require_ports
  if port_is_open "${listen##*:}"; then
    die "port ${listen##*:} is taken by something else: set DAYBOOK_LISTEN to a free address, such as 127.0.0.1:8081"
  fi
}

# instance_give_back STOP: whatever ends us, in order, and only once.
instance_give_back() {
  trap '' INT TERM HUP
  "$1"
  instance_unlock
}

daybook_environment() { eval "$(instance_environment)"; }

dev_up() {
  instance_use_default
  servers_packages compiler
  packages_want curl jq kcat
  instance_take
  binary_build
  servers_start
  daybook_environment
  unset DAYBOOK_SUPERUSER_DATABASE_URL
  job_run daybook "$(binary_path)" up "$@"
}

daybook_is_ready() { process_is_gone daybook || grep -qs 'Daybook is ready' "$log_dir/daybook.log"; }

# dev_demo: against what runs, else on an instance that it starts for itself.
dev_demo() {
  instance_use_default
  if ! process_runs daybook; then
    servers_packages compiler
    instance_take
    binary_build
    servers_start
    daybook_environment
    process_launch daybook "$(binary_path)" up >"$log_dir/daybook.log" 2>&1
    poll 120 daybook_is_ready && process_runs daybook || die_with_log "Daybook did not start" "$log_dir/daybook.log"
    "$(binary_path)" demo "$@"
  else
    dev_daybook demo "$@"
  fi
}

# dev_daybook ARGS...: with the caller's folder, so that file names mean what they say.
dev_daybook() {
  instance_use_default
  instance_enter
  [[ -x $(binary_path) ]] || binary_build
  unset DAYBOOK_SUPERUSER_DATABASE_URL
  cd "$invoked_from" || die "$invoked_from is gone"
  exec "$(binary_path)" "$@"
}

# dev_psql ARGS...: a script on standard input stops at its first error.
dev_psql() {
  local url script=()
  instance_use_default
  instance_enter
  have psql || die "psql is missing: apt-get install postgresql-client"
  [[ -t 0 ]] || script=(-X -v ON_ERROR_STOP=1)
  cd "$invoked_from" || die "$invoked_from is gone"
  url=${DAYBOOK_SUPERUSER_DATABASE_URL:-${DAYBOOK_OWNER_DATABASE_URL:-$DATABASE_URL}}
  if [[ $url =~ ^postgres://([^:]+):([0-9a-f]+)@([^:]+):([0-9]+)/([a-z]+)$ ]]; then
    # our own: keep the password out of the process list
    export PGUSER=${BASH_REMATCH[1]} PGPASSWORD=${BASH_REMATCH[2]} PGHOST=${BASH_REMATCH[3]} \
      PGPORT=${BASH_REMATCH[4]} PGDATABASE=${BASH_REMATCH[5]}
    exec psql "${script[@]}" "$@"
  fi
  exec psql "${script[@]}" -d "$url" "$@"
}

dev_kafka_bootstrap() {
  instance_use_default
  instance_enter
  [[ ${KAFKA_BROKERS:-} ]] || die "this instance has no Kafka"
  printf '%s\n' "$KAFKA_BROKERS"
}
