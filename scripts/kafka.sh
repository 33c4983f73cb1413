# shellcheck shell=bash
# The private Kafka of an instance: broker and controller in one JVM, from the jars that deploy/kafka/pom.xml lists.

kafka_cache=${XDG_CACHE_HOME:-$HOME/.cache}/daybook/kafka-4.1.0

# kafka_jars_are_cached: those of this pom, not of an earlier one.
kafka_jars_are_cached() { cmp -s "$repo/deploy/kafka/pom.xml" "$kafka_cache/pom.xml"; }

# kafka_fetch_jars: once per user. Complete or not there at all, and two instances do not fetch at the same time.
kafka_fetch_jars() {
  local temporary log=$log_dir/maven.log
  kafka_jars_are_cached && return
  mkdir -p "${kafka_cache%/*}"
  (
    flock 8
    kafka_jars_are_cached && exit
    say "fetching Kafka's jars (54 MB) into $kafka_cache"
    temporary=$(mktemp -d "$kafka_cache.XXXXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    mvn -q -B -f "$repo/deploy/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$temporary/libs" \
      >"$log" 2>&1 </dev/null || die_with_log "Maven could not fetch Kafka" "$log"
    cp "$repo/deploy/kafka/pom.xml" "$temporary/pom.xml"
    chmod 755 "$temporary"
    rm -rf "$kafka_cache"
    mv "$temporary" "$kafka_cache"
  ) 8>"$kafka_cache.lock"
}

# kafka_controller_port: nobody but the broker itself uses it, so any free port will do; kept while it is free.
kafka_controller_port() {
  local file=$home/kafka/controller-port port
  port=$(cat "$file" 2>/dev/null) || true
  if [[ -z $port ]] || port_is_open "$port"; then
    port=$(free_port)
    printf '%s\n' "$port" >"$file"
  fi
  printf '%s' "$port"
}

# kafka_configure: sets kafka_properties.
kafka_configure() {
  local controller
  controller=$(kafka_controller_port)
  kafka_properties=$home/kafka/server.properties
  {
    cat "$repo/deploy/kafka/server.properties"
    printf '\n# Written by ./dev at each start\n'
    printf 'listeners=PLAINTEXT://127.0.0.1:%s,CONTROLLER://127.0.0.1:%s\n' "$kafka_port" "$controller"
    printf 'advertised.listeners=PLAINTEXT://127.0.0.1:%s\n' "$kafka_port"
    printf 'controller.quorum.voters=1@127.0.0.1:%s\n' "$controller"
    printf 'log.dirs=%s\n' "$home/kafka/data"
  } >"$kafka_properties"
}

kafka_java() {
  kafka_command=(java "$@" -cp "$kafka_cache/libs/*"
    -Dlog4j2.configurationFile="$repo/deploy/kafka/log4j2.properties")
}

# kafka_format: gives an empty data folder the name of its cluster, a random UUID in base64.
kafka_format() {
  local name log=$log_dir/kafka-format.log
  [[ ! -f $home/kafka/data/meta.properties ]] || return 0
  name=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_')
  name=A${name:1:21} # a leading dash would be an option
  kafka_java -Xmx128m -XX:TieredStopAtLevel=1
  "${kafka_command[@]}" kafka.tools.StorageTool format -t "$name" -c "$kafka_properties" \
    >"$log" 2>&1 </dev/null || die_with_log "Kafka's data folder could not be formatted" "$log"
}

kafka_answers() {
  process_is_gone kafka || grep -q 'Kafka Server started' "$log_dir/kafka.log"
}

kafka_start() {
  local log=$log_dir/kafka.log
  (umask 077 && mkdir -p "$home/kafka/data")
  kafka_fetch_jars
  kafka_configure
  kafka_format
  [[ ! -f $log ]] || mv -f "$log" "$log.before"
  kafka_java -Xmx256m -XX:+ExitOnOutOfMemoryError
  process_launch kafka "${kafka_command[@]}" kafka.Kafka "$kafka_properties" >"$log" 2>&1 </dev/null
  poll 90 kafka_answers && process_runs kafka || die_with_log "Kafka did not start" "$log"
}
