# shellcheck shell=bash
# Debian packages. As root what is missing is installed; anybody else is told in one line what to install.

am_root() { ((EUID == 0)); }
have() { command -v "$1" >/dev/null 2>&1; }

# java_is_recent: Kafka 4 needs Java 17.
java_is_recent() {
  local version
  have java && version=$(java -version 2>&1) && [[ $version =~ version\ \"([0-9]+) ]] && ((BASH_REMATCH[1] >= 17))
}

# java_package: the oldest that will do, of those that this release has.
java_package() {
  local package
  for package in openjdk-17-jre-headless openjdk-21-jre-headless; do
    if apt-cache show "$package" >/dev/null 2>&1; then
      printf '%s' "$package"
      return
    fi
  done
  printf 'default-jre-headless'
}

# packages_missing NEED...: the packages that these needs lack, one a line.
packages_missing() {
  local need
  for need in "$@"; do
    case $need in
      postgres) postgres_newest_bin >/dev/null || echo postgresql ;;
      java) java_is_recent || printf '%s\n' "$(java_package)" ;;
      kafka-jars) kafka_jars_are_cached || have mvn || echo maven ;;
      compiler) # librdkafka and ring are C
        if ! { have cc && have c++ && have make; }; then echo build-essential; fi
        have pkg-config || echo pkg-config
        ;;
      python3-requests) # apt's Python is not always the first one
        python3 -c 'import requests' 2>/dev/null || /usr/bin/python3 -c 'import requests' 2>/dev/null || echo "$need"
        ;;
      pdftotext) have pdftotext || echo poppler-utils ;; # tests copy the text out of invoices with it
      *) have "$need" || echo "$need" ;;
    esac
  done
}

# apt COMMAND...: quiet, unless it fails.
apt() {
  local log
  log=$(mktemp)
  if ! DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 9>&-; then
    die_with_log "apt-get $1 failed" "$log"
  fi
  rm -f "$log"
}

# packages_require NEED...: what the command cannot do without.
packages_require() {
  local missing
  missing=$(packages_missing "$@")
  [[ $missing ]] || return 0
  am_root && have apt-get || die "missing: install it with   sudo apt-get install -y ${missing//$'\n'/ }"
  apt update
  missing=$(packages_missing "$@") # again: which Java there is was not known before
  say "installing with apt: ${missing//$'\n'/ }"
  # shellcheck disable=SC2086  # one word for each package
  apt install -y --no-install-recommends $missing
  missing=$(packages_missing "$@")
  [[ -z $missing ]] || die "this release's ${missing//$'\n'/ } will not do: Postgres 15 and Java 17 are the oldest that work"
}

# packages_want NEED...: what is good to have. Root gets it; nobody is stopped by its absence.
packages_want() {
  local missing
  missing=$(packages_missing "$@")
  [[ $missing ]] || return 0
  if am_root && have apt-get; then
    packages_require "$@"
  else
    say "useful, and not installed: ${missing//$'\n'/ }"
  fi
}
