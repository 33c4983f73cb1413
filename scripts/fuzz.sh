# shellcheck shell=bash
# Fuzzing: schemathesis makes requests from /openapi.json, and holds every answer to it.

fuzz_tools=$tools_root/schemathesis

# tool_schemathesis: from PyPI, at the versions of scripts/schemathesis.txt, in a folder of its own.
tool_schemathesis() {
  local wanted=$repo/scripts/schemathesis.txt
  cmp -s "$wanted" "$fuzz_tools/installed" && return
  have python3 || die "python3 is missing: install it with its venv module"
  say "installing schemathesis (once)"
  rm -rf "$fuzz_tools"
  python3 -m venv "$fuzz_tools" && "$fuzz_tools/bin/pip" install --quiet --requirement "$wanted" ||
    die "pip could not install schemathesis"
  cp "$wanted" "$fuzz_tools/installed"
}

# fuzz_binary: the one that was built last; a debug build where there is none.
fuzz_binary() {
  local release debug
  release=$(binary_path)
  debug=${release%/release/daybook}/debug/daybook
  if [[ ! -x $release && ! -x $debug ]]; then
    job_run job env SQLX_OFFLINE=true cargo build --locked --bin daybook
  fi
  if [[ -x $release && ! $debug -nt $release ]]; then printf '%s' "$release"; else printf '%s' "$debug"; fi
}

# fuzz_token WHO: somebody of the sample shop logs in.
fuzz_token() {
  local login
  login=$(python3 -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1]))[sys.argv[2]]))' \
    "$home/sample-shop.json" "$1")
  curl -fsS "http://$listen/api/v1/auth/login" -H 'Content-Type: application/json' -d "$login" |
    sed -n 's/.*"accessToken":"\([^"]*\)".*/\1/p'
}

# fuzz_as WHO ARGS...: one run with the token of WHO, or with none.
fuzz_as() {
  local who=$1 token=''
  shift
  [[ $who == nobody ]] || token=$(fuzz_token "$who")
  say "as $who"
  job_run job env DAYBOOK_FUZZ_TOKEN="$token" "$fuzz_tools/bin/schemathesis" --config-file tests/schemathesis.toml \
    run "http://$listen/openapi.json" \
    --report junit,ndjson --report-dir "$fuzz_report/$who" "$@"
}

# fuzz_links: how many of the document's links the runs followed; links.txt has those that none did.
fuzz_links() {
  curl -fsS "http://$listen/openapi.json" -o "$fuzz_report/openapi.json" &&
    python3 "$repo/scripts/fuzz_links.py" "$fuzz_report/openapi.json" "$fuzz_report" "$fuzz_report/links.txt"
}

# dev_fuzz [ARGS...]: as an admin, a seller and a customer; ARGS go to schemathesis.
dev_fuzz() {
  local binary who links failed=()
  packages_require postgres compiler curl python3
  rust_require
  tool_schemathesis
  binary=$(fuzz_binary)
  instance_use_default
  fuzz_report=$home/fuzz-report
  private_instance_claim fuzz
  own_kafka='' KAFKA_BROKERS=''
  private_instance_start
  unset DAYBOOK_SUPERUSER_DATABASE_URL
  rm -rf "$fuzz_report" "$home/sample-shop.json"
  DAYBOOK_ACCESS_TOKEN_TTL=1d process_launch daybook "$binary" up >"$log_dir/daybook.log" 2>&1
  poll 60 curl -fsS -o /dev/null "http://$listen/health/ready" 2>/dev/null ||
    die_with_log "Daybook did not start" "$log_dir/daybook.log"
  for who in ${DAYBOOK_FUZZ_AS:-admin seller customer}; do
    fuzz_as "$who" "$@" || failed+=("$who")
  done
  grep -F '"level":"ERROR"' "$log_dir/daybook.log" && failed+=("errors in $log_dir/daybook.log")
  links=$(fuzz_links) || failed+=("its links were not counted")
  ((${#failed[@]} == 0)) || die "fuzzing found something: ${failed[*]}; ${links:-no links}; reports are in $fuzz_report"
  say "fuzzing found nothing; $links (the others: $fuzz_report/links.txt)"
}
