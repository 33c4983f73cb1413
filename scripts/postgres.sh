# shellcheck shell=bash
# The private Postgres of an instance. It refuses to run as root, so root's runs as user postgres, and where that user
# cannot reach $home (a mode 700 folder above it) the cluster lies under /var/lib/daybook and $home remembers where.

postgres_oldest=15

# postgres_bins: folders with a server that is new enough, the newest first.
postgres_bins() {
  local bin version
  { ls -d /usr/lib/postgresql/*/bin && dirname "$(realpath "$(command -v postgres)")"; } 2>/dev/null | sort -ruV |
    while read -r bin; do
      version=$("$bin/postgres" --version 2>/dev/null) || continue
      version=${version##*) }
      ((${version%%[!0-9]*} >= postgres_oldest)) && printf '%s\n' "$bin"
    done
}

postgres_newest_bin() {
  local bins
  mapfile -t bins < <(postgres_bins)
  ((${#bins[@]})) && printf '%s' "${bins[0]}"
}

# postgres_bin_of DATA: a cluster is opened by the version that made it.
postgres_bin_of() {
  local bin made_by
  made_by=$(cat "$1/PG_VERSION" 2>/dev/null) || { postgres_newest_bin && return; }
  while read -r bin; do
    [[ $("$bin/postgres" --version) =~ \ ${made_by}[^0-9] ]] && printf '%s' "$bin" && return
  done < <(postgres_bins)
  die "the data in $1 is of Postgres $made_by, which is not installed"
}

# as_postgres: prefix of a command that the cluster's user runs, in a folder that this user may be in.
as_postgres=(env -C /)
((EUID != 0)) || as_postgres+=(setpriv --reuid=postgres --regid=postgres --init-groups --)

# postgres_place: sets pg_dir, the folder of cluster and socket.
postgres_place() {
  pg_dir=$home/postgres
  if [[ -f $home/postgres-is-in ]]; then
    pg_dir=$(<"$home/postgres-is-in")
  fi
}

# postgres_make_place: makes pg_dir, elsewhere if it must.
postgres_make_place() {
  postgres_place
  (umask 077 && mkdir -p "$pg_dir")
  am_root || return 0
  chown postgres: "$pg_dir" 2>/dev/null || true
  ! "${as_postgres[@]}" test -w "$pg_dir" || return 0
  [[ ! -e $pg_dir/data ]] || die "user postgres can no longer enter $pg_dir"
  rmdir "$pg_dir"
  mkdir -p /var/lib/daybook && chmod 755 /var/lib/daybook
  pg_dir=$(mktemp -d /var/lib/daybook/postgres-XXXXXXXX)
  chown postgres: "$pg_dir"
  printf '%s\n' "$pg_dir" >"$home/postgres-is-in"
  say "user postgres cannot enter $home: the database is in $pg_dir"
}

postgres_remove_data() {
  postgres_place
  rm -rf "$pg_dir" "$home/postgres-is-in"
}

# postgres_init: a new cluster, complete or not there at all.
postgres_init() {
  local password_file=$pg_dir/password log=$log_dir/initdb.log
  rm -rf "$pg_dir/data.new"
  (umask 077 && secret POSTGRES_PASSWORD >"$password_file")
  ! am_root || chown postgres: "$password_file"
  "${as_postgres[@]}" "$pg_bin/initdb" -D "$pg_dir/data.new" -U postgres --pwfile="$password_file" \
    --auth=scram-sha-256 --locale=C.UTF-8 --encoding=UTF8 --data-checksums >"$log" 2>&1 </dev/null ||
    die_with_log "initdb failed" "$log"
  rm -f "$password_file"
  echo "include = 'daybook.conf'" >>"$pg_dir/data.new/postgresql.conf"
  mv "$pg_dir/data.new" "$pg_dir/data"
}

# postgres_configure: fsync and synchronous_commit stay on, as they are by default.
postgres_configure() {
  local socket=$pg_dir/socket
  ((${#socket} < 85)) || socket= # the kernel allows 107 bytes with the socket's name
  if [[ $socket ]]; then
    (umask 077 && mkdir -p "$socket")
    ! am_root || chown postgres: "$socket"
  fi
  cat >"$pg_dir/data/daybook.conf" <<CONF
# Written by ./dev at each start
listen_addresses = '127.0.0.1'
port = $pg_port
unix_socket_directories = '${socket//\'/\'\'}'
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
log_line_prefix = '%m [%p] %q%u@%d '
CONF
  if [[ -f $("$pg_bin/pg_config" --pkglibdir 2>/dev/null)/pg_stat_statements.so ]]; then # loaded, and counting only when asked to
    cat >>"$pg_dir/data/daybook.conf" <<'CONF'
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = none
CONF
  fi
  chmod 644 "$pg_dir/data/daybook.conf"
}

# postgres_forget_dead: after a kill the pid in the lock files may be a stranger's or a zombie's, and Postgres would refuse
# to start. Every process of a cluster has the data folder as its working folder: if none has, nobody is using it.
postgres_forget_dead() {
  local process
  for process in /proc/[0-9]*; do
    [[ $(readlink "$process/cwd" 2>/dev/null) != "$pg_dir/data" ]] || return 0
  done
  rm -f "$pg_dir/data/postmaster.pid" "$pg_dir"/socket/.s.PGSQL.*
}

postgres_answers() {
  process_is_gone postgres || "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
}

# postgres_sql DATABASE ARGS...: psql as superuser, for our own statements.
postgres_sql() {
  local database=$1
  shift
  PGPASSWORD=$(secret POSTGRES_PASSWORD) "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 \
    -h 127.0.0.1 -p "$pg_port" -U postgres -d "$database" "$@"
}

postgres_start() {
  local log=$log_dir/postgres.log
  postgres_make_place
  pg_bin=$(postgres_bin_of "$pg_dir/data")
  if [[ ! -d $pg_dir/data ]]; then
    say "making a database in $pg_dir"
    postgres_init
  fi
  postgres_configure
  postgres_forget_dead
  [[ ! -f $log ]] || mv -f "$log" "$log.before"
  process_launch postgres "${as_postgres[@]}" "$pg_bin/postgres" -D "$pg_dir/data" >"$log" 2>&1 </dev/null
  poll 120 postgres_answers && process_runs postgres || die_with_log "Postgres did not start" "$log"
  DAYBOOK_OWNER_PASSWORD=$(secret DAYBOOK_OWNER_PASSWORD) DAYBOOK_APP_PASSWORD=$(secret DAYBOOK_APP_PASSWORD) \
    postgres_sql postgres -f "$repo/deploy/postgres/roles.sql" >"$log_dir/roles.log" 2>&1 ||
    die_with_log "the roles could not be made (are $home/secrets those of this database?)" "$log_dir/roles.log"
}
