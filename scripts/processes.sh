# shellcheck shell=bash
# Processes that outlive a command. Each is remembered in $run_dir/NAME as "pid start-time": a pid that was given to a
# stranger since has another start time, so nothing is ever stopped that is not ours.

# process_started PID: its start in clock ticks since boot; fails when there is none, or only a zombie.
process_started() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }" # the name before it, in parentheses, may hold anything
  [[ ${stat[0]} != Z ]] && printf '%s' "${stat[19]}"
}

# process_pid NAME: prints the pid of a remembered process that still runs.
process_pid() {
  local pid started
  { read -r pid started <"$run_dir/$1"; } 2>/dev/null || return 1
  [[ $(process_started "$pid") == "$started" ]] && printf '%s' "$pid"
}

process_runs() { process_pid "$1" >/dev/null; }
process_is_gone() { ! process_runs "$1"; }

# process_remember NAME PID
process_remember() { printf '%s %s\n' "$2" "$(process_started "$2")" >"$run_dir/$1"; }

# process_launch NAME COMMAND...: starts COMMAND in the background; the caller redirects. It gets a session of its own, so
# that Ctrl-C reaches only ./dev, which stops things in order, and the signals that a background job ignores. It is
# remembered before COMMAND runs, so no moment of ours to die leaves it unknown.
process_launch() {
  local name=$1
  shift
  rm -f "$run_dir/$name"
  # shellcheck disable=SC2016  # expanded by the inner shell
  setsid bash -c '
    stat=$(cat "/proc/$$/stat")
    read -ra stat <<<"${stat##*) }"
    printf "%s %s\n" "$$" "${stat[19]}" >"$0" && exec env --default-signal=INT,QUIT "$@"
  ' "$run_dir/$name" "$@" 9>&- &
  launched=$!
  poll 10 test -s "$run_dir/$name"
}

# process_signal NAME SIGNAL [group]: with "group", everything that it started too.
process_signal() {
  local pid
  pid=$(process_pid "$1") || return 0
  [[ ${3:-} == group ]] && pid=-$pid
  kill -s "$2" -- "$pid" 2>/dev/null || true
}

# process_await_end NAME SECONDS LAST_SIGNAL [group]: the last signal is for one that overstays.
process_await_end() {
  if ! poll "$2" process_is_gone "$1"; then
    say "$1 has not stopped for $2 s: sending SIG$3"
    process_signal "$1" "$3" "${4:-}"
    poll 10 process_is_gone "$1" || die "$1 does not stop (pid $(process_pid "$1"))"
  fi
  rm -f "$run_dir/$1"
}

# port_is_open PORT: does anything listen there on this machine?
port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port: one below the ephemeral range, so that no outgoing connection takes it meanwhile.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! port_is_open "$port"; then
      printf '%s' "$port"
      return
    fi
  done
  die "no free port between 20000 and 32000"
}
