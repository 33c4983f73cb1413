# shellcheck shell=bash
# One instance: a folder ($home) with data, logs, secrets and run files, and the addresses of its servers.

# instance_use FOLDER: makes FOLDER the instance that everything below works on.
instance_use() {
  home=$1
  run_dir=$home/run
  log_dir=$home/logs
}

# instance_use_default: the one that the environment names.
instance_use_default() {
  local folder=${DAYBOOK_HOME:-.daybook}
  [[ $folder == /* ]] || folder=$repo/$folder
  instance_use "$folder"
  instance_address
}

# instance_address: where its servers listen, by the environment or by default.
instance_address() {
  pg_port=${DAYBOOK_PG_PORT:-54329}
  kafka_port=${DAYBOOK_KAFKA_PORT:-9392}
  listen=${DAYBOOK_LISTEN:-127.0.0.1:8080}
  [[ $pg_port =~ ^[0-9]+$ ]] || die "DAYBOOK_PG_PORT is not a port: $pg_port"
  [[ $kafka_port =~ ^[0-9]+$ ]] || die "DAYBOOK_KAFKA_PORT is not a port: $kafka_port"
  [[ $listen =~ :[0-9]+$ ]] || die "DAYBOOK_LISTEN is not ADDRESS:PORT: $listen"
  # Whoever names servers has them, unless they are this instance's own, as its `env` names them: then they are where that
  # says. An empty KAFKA_BROKERS is a wish for none.
  own_postgres='' own_kafka=''
  if [[ -z ${DATABASE_URL:-} ]]; then
    own_postgres=yes
  elif instance_made_postgres "$DATABASE_URL"; then
    own_postgres=yes
    [[ ${DAYBOOK_PG_PORT:-} ]] || { pg_port=${DATABASE_URL##*:} && pg_port=${pg_port%%/*}; }
  fi
  if [[ -z ${KAFKA_BROKERS+set} ]]; then
    own_kafka=yes
  elif instance_made_kafka "$KAFKA_BROKERS"; then
    own_kafka=yes
    [[ ${DAYBOOK_KAFKA_PORT:-} ]] || kafka_port=${KAFKA_BROKERS##*:}
  fi
}

# instance_made_postgres URL: whether it is that of the private Postgres, by the password that nobody else has.
instance_made_postgres() {
  local password
  password=$(sed -n 's/^DAYBOOK_APP_PASSWORD=//p' "$home/secrets" 2>/dev/null) || return 1
  [[ $password && $1 == "postgres://daybook:$password@127.0.0.1:"*/daybook ]]
}

# instance_made_kafka BROKERS: whether it is the private Kafka, where it was last.
instance_made_kafka() {
  [[ $1 ]] && grep -qsF "listeners=PLAINTEXT://$1,CONTROLLER" "$home/kafka/server.properties"
}

# instance_make: the folders. User postgres passes through $home when we are root; what lies in it is closed.
instance_make() {
  mkdir -p "$home" && chmod u+rwx,go+x "$home" 2>/dev/null || die "$home cannot be written by $(id -un): set DAYBOOK_HOME"
  (umask 077 && mkdir -p "$run_dir" "$log_dir" && [[ -w $run_dir && -w $log_dir ]]) ||
    die "$home belongs to somebody else: set DAYBOOK_HOME to a folder of $(id -un)'s"
}

# instance_lock: one ./dev at a time per instance. Descriptor 9 holds it; servers are started without it.
instance_lock() {
  exec 9>"$home/run/lock"
  if ! flock -n 9; then
    die "another ./dev runs this instance ($home): stop it, or set DAYBOOK_HOME, DAYBOOK_LISTEN, DAYBOOK_PG_PORT and DAYBOOK_KAFKA_PORT"
  fi
  process_remember dev $$
}

instance_unlock() {
  rm -f "$run_dir/dev"
  exec 9>&-
}

# secret NAME: a password of this instance, made when first asked for.
secret() {
  local file=$home/secrets value
  value=$(sed -n "s/^$1=//p" "$file" 2>/dev/null) || true
  if [[ -z $value ]]; then
    value=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && printf '%s=%s\n' "$1" "$value" >>"$file")
  fi
  printf '%s' "$value"
}

# instance_environment: what Daybook gets to see, as lines of `export`.
instance_environment() {
  if [[ $own_postgres ]]; then
    local at=127.0.0.1:$pg_port/daybook
    printf 'export DATABASE_URL=%q\n' "postgres://daybook:$(secret DAYBOOK_APP_PASSWORD)@$at"
    printf 'export DAYBOOK_OWNER_DATABASE_URL=%q\n' "postgres://daybook_owner:$(secret DAYBOOK_OWNER_PASSWORD)@$at"
  else
    printf 'export DATABASE_URL=%q\n' "$DATABASE_URL"
    [[ -z ${DAYBOOK_OWNER_DATABASE_URL:-} ]] ||
      printf 'export DAYBOOK_OWNER_DATABASE_URL=%q\n' "$DAYBOOK_OWNER_DATABASE_URL"
  fi
  if [[ $own_kafka ]]; then
    printf 'export KAFKA_BROKERS=%q\n' "127.0.0.1:$kafka_port"
  elif [[ $KAFKA_BROKERS ]]; then
    printf 'export KAFKA_BROKERS=%q\n' "$KAFKA_BROKERS"
  else
    echo 'unset KAFKA_BROKERS'
  fi
  printf 'export DAYBOOK_HOME=%q DAYBOOK_LISTEN=%q\n' "$home" "$listen"
  printf 'export DAYBOOK_SIMULATOR=%q DAYBOOK_RATE_LIMITS=%q\n' "${DAYBOOK_SIMULATOR:-on}" "${DAYBOOK_RATE_LIMITS:-off}"
}

# instance_superuser_environment: what tests, measurements and people get besides.
instance_superuser_environment() {
  if [[ $own_postgres ]]; then
    printf 'export DAYBOOK_SUPERUSER_DATABASE_URL=%q\n' \
      "postgres://postgres:$(secret POSTGRES_PASSWORD)@127.0.0.1:$pg_port/daybook"
  elif [[ -n ${DAYBOOK_SUPERUSER_DATABASE_URL:-} ]]; then
    printf 'export DAYBOOK_SUPERUSER_DATABASE_URL=%q\n' "$DAYBOOK_SUPERUSER_DATABASE_URL"
  fi
}

# instance_publish: $home/env, by which other terminals reach what runs here.
instance_publish() {
  (
    umask 077
    {
      echo '# Where this instance is, while it runs:   . env'
      instance_environment
      instance_superuser_environment
    } >"$home/env.new"
    mv -f "$home/env.new" "$home/env"
  )
}

instance_unpublish() { rm -f "$home/env"; }

# instance_enter: takes on the environment of the running instance, or says that none runs.
instance_enter() {
  local away="nothing runs here ($home): start it with ./dev up"
  # A record of a server that is gone: it was killed. No record: the server is somebody else's.
  [[ -f $home/env ]] && { [[ ! -f $run_dir/postgres ]] || process_runs postgres; } || die "$away"
  # shellcheck source=/dev/null
  . "$home/env"
}
