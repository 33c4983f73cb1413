# shellcheck shell=bash
# Postgres and Kafka of an instance, together.

# servers_packages [NEED...]: what they run on, and in the same breath what else is needed.
servers_packages() {
  local needs=("$@")
  ! [[ $own_postgres ]] || needs+=(postgres)
  ! [[ $own_kafka ]] || needs+=(java kafka-jars)
  packages_require "${needs[@]}"
}

# servers_require_ports: says who must move before anything is built or started.
servers_require_ports() {
  if [[ $own_postgres ]] && port_is_open "$pg_port"; then
    die "port $pg_port is taken by something else: set DAYBOOK_PG_PORT to a free one for this instance's Postgres"
  fi
  if [[ $own_kafka ]] && port_is_open "$kafka_port"; then
    die "port $kafka_port is taken by something else: set DAYBOOK_KAFKA_PORT to a free one for this instance's Kafka"
  fi
}

servers_start() {
  ! [[ $own_postgres ]] || postgres_start
  ! [[ $own_kafka ]] || kafka_start
  instance_publish
}

# servers_stop: both at once; each writes down what it has. Postgres closes its connections (SIGINT is its "fast").
servers_stop() {
  instance_unpublish
  process_signal kafka TERM
  process_signal postgres INT
  process_await_end kafka 30 KILL
  process_await_end postgres 60 QUIT
}

# job_and_daybook_stop: the users of the servers. Daybook gets the time to answer what it has accepted.
job_and_daybook_stop() {
  process_signal job TERM group
  process_signal daybook TERM
  process_await_end job 10 KILL group
  process_await_end daybook 30 KILL
}

# leftovers_stop: everything of this instance, whoever started it.
leftovers_stop() {
  job_and_daybook_stop
  servers_stop
  rm -f "$run_dir/kept"
}

# servers_are_kept: `./dev servers` started them, and `./dev down` will stop them.
servers_are_kept() {
  [[ -f $run_dir/kept ]] && { ! [[ $own_postgres ]] || process_runs postgres; } && { ! [[ $own_kafka ]] || process_runs kafka; }
}

# servers_where: what was started, and what is somebody else's.
servers_where() {
  local postgres="Postgres is that of DATABASE_URL" kafka="Kafka is that of KAFKA_BROKERS"
  ! [[ $own_postgres ]] || postgres="Postgres on 127.0.0.1:$pg_port"
  ! [[ $own_kafka ]] || kafka="Kafka on 127.0.0.1:$kafka_port"
  [[ $own_kafka || $KAFKA_BROKERS ]] || kafka="no Kafka"
  printf '%s, %s' "$postgres" "$kafka"
}

# dev_servers: both in the background, until `./dev down`.
dev_servers() {
  instance_use_default
  [[ $own_postgres || $own_kafka ]] ||
    die "DATABASE_URL and KAFKA_BROKERS name servers that are not this instance's: there is none to start"
  servers_packages
  instance_make
  instance_lock
  if servers_are_kept; then
    instance_unlock
    say "they run already: . $home/env"
    return
  fi
  leftovers_stop
  servers_require_ports
  trap 'instance_give_back leftovers_stop' EXIT
  servers_start
  trap 'instance_unlock' EXIT
  : >"$run_dir/kept"
  say "$(servers_where). To reach them:  . $home/env   To stop them:  ./dev down"
}

# dev_down: the instance, and those that tests and measurements left.
dev_down() {
  local instance folder
  instance_use_default
  instance=$home
  for folder in "$instance"/{test,bench,prepare,fuzz} "$instance"; do
    instance_use "$folder"
    [[ -d $run_dir ]] || continue
    if process_runs dev; then # it stops what it started, in order
      process_signal dev TERM
      process_await_end dev 120 KILL
    fi
    rm -f "$run_dir/dev"
    if [[ $folder == "$instance" ]]; then leftovers_stop; else private_instance_end; fi
  done
  say "nothing of $instance runs any more"
}
